// Every page of both consoles: accessibility by axe, and a layout that holds from a telephone to a wall, in both languages.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import path from 'node:path';
import { demo, enter, launch, SHOTS, text } from './harness.mjs';

const AXE = text(path.resolve('node_modules/axe-core/axe.min.js'));
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const WIDTHS = [360, 1200, 3840];
const PAGES = {
  querier: ['/ask', '/requests', '/agreement', '/key', '/log', '/log/entries/1', '/log/years', '/log/compare', '/evaluation', '/nowhere'],
  custodian: ['/now', '/gallery', '/requesters', '/agreement', '/log', '/log/years', '/log/compare', '/evaluation'],
};

let both, browser;

before(async () => { [both, browser] = await Promise.all([demo(), launch()]); });
after(async () => { await browser?.close(); await both?.stop(); });

// What sticks out of the page, or is cut off where it stands.
const misfits = () => {
  const found = [];
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) found.push(`the page is ${wide} px wider than the window`);
  for (const element of document.querySelectorAll('h1, h2, p, li, dt, dd, label, button, .button, summary, legend')) {
    const box = element.getBoundingClientRect();
    if (box.width === 0 || element.closest('.table')) continue;
    if (box.right > document.documentElement.clientWidth + 1) found.push(`sticks out: ${element.textContent.slice(0, 40)}`);
    if (element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== 'inline') {
      found.push(`cut off: ${element.textContent.slice(0, 40)}`);
    }
  }
  // Targets of a finger (WCAG 2.2, 2.5.8).
  for (const element of document.querySelectorAll('button, input:not([type=hidden]), select, summary, nav a')) {
    const box = element.getBoundingClientRect();
    if (box.width > 0 && (box.width < 24 || box.height < 24)) found.push(`small: ${element.outerHTML.slice(0, 60)}`);
  }
  return found;
};

for (const role of ['querier', 'custodian']) {
  test(`every page of the ${role} is accessible and fits, in English and in Spanish`, async () => {
    const { page, base, to } = await enter(await browser.newContext(), both[role]);
    // axe is brought by the test: the page's policy would let none of its own in.
    const axe = async () => {
      await page.evaluate(AXE);
      return page.evaluate((tags) => window.axe.run(document, { runOnly: { type: 'tag', values: tags } }), RULES);
    };
    for (const language of ['en', 'es']) {
      await to(PAGES[role][0]);
      if (await page.getAttribute('html', 'lang') !== language) await page.locator(`.session button[value=${language}]`).click();
      for (const where of PAGES[role]) {
        const response = await page.goto(base + where);
        assert.equal(response.status(), where === '/nowhere' ? 404 : 200, where);
        assert.equal(await page.getAttribute('html', 'lang'), language);
        const broken = (await axe()).violations.flatMap((violation) => violation.nodes.map((node) => `${violation.id}: ${node.html.slice(0, 120)}`));
        assert.deepEqual(broken, [], `${role} ${where} ${language}`);
        for (const width of WIDTHS) {
          await page.setViewportSize({ width, height: 900 });
          assert.deepEqual(await page.evaluate(misfits), [], `${role} ${where} ${language}, ${width} px`);
          if (width < 3840) {
            const name = `${role}${where.replaceAll('/', '-')}-${language}-${width}.png`;
            await page.screenshot({ path: path.join(SHOTS, name), fullPage: true });
          }
        }
      }
    }
    await page.context().close();
  });
}
