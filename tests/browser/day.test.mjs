// The two officers' day, from end to end.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import path from 'node:path';
import { demo, enter, launch, SHOTS } from './harness.mjs';

let both, browser, querier, custodian;

before(async () => {
  [both, browser] = await Promise.all([demo(), launch()]);
  querier = await enter(await browser.newContext(), both.querier);
  custodian = await enter(await browser.newContext(), both.custodian);
});

after(async () => {
  await browser?.close();
  await both?.stop();
});

// From a file to the page of the request.
async function ask({ page, to }, file, justification) {
  await to('/ask');
  await page.setInputFiles('#file', file);
  await page.getByRole('button', { name: 'Read it' }).click();
  await page.selectOption('#purpose', 'identification');
  await page.fill('#justification', justification);
  await page.getByRole('button', { name: 'Show what it will cost' }).click();
  assert.match(await page.textContent('main'), /4 of 40|8 of 40|12 of 40/, 'the quota, with this request');
  await page.getByRole('button', { name: 'Ask about 4 persons' }).click();
  await page.waitForURL(/\/requests\/\d/);
}

test('a traveller is asked about, and the verdicts appear by themselves', async () => {
  const { page } = querier;
  await ask(querier, both.probes, 'file 7/2026');
  await page.locator('.verdict').first().waitFor({ timeout: 120_000 });
  const verdicts = await page.locator('.verdict').allTextContents();
  assert.deepEqual(verdicts.map((verdict) => verdict.trim().slice(2)), ['Hit', 'Hit', 'No hit', 'No hit']);
  assert.equal(await page.getByText('the signature holds').count(), 3);
  const printed = await page.getByRole('link', { name: 'Printable page' }).getAttribute('href');
  await page.goto(new URL(printed, page.url()).href);
  const paper = await page.pdf({ format: 'A4', path: path.join(SHOTS, 'request.pdf') });
  assert.ok(paper.length > 10_000);
  await page.emulateMedia({ media: 'print' });
  assert.equal(await page.locator('header nav').isVisible(), false, 'no menu on paper');
  assert.equal(await page.locator('.verdict').first().isVisible(), true);
  await page.emulateMedia({ media: null });
});

test('the custodian sees that it was asked and what for, and nothing of whom or what came of it', async () => {
  const { page, to } = custodian;
  await to('/now');
  const seen = await page.textContent('main');
  assert.match(seen, /A-BORDER/);
  assert.match(seen, /identification/);
  for (const where of ['/now', '/log', '/requesters', '/gallery']) {
    await to(where);
    const content = await page.content();
    assert.doesNotMatch(content, /sample-2\.npy|class="verdict/, where);
  }
});

test('the breaker is one switch, with a reason, and what it does is seen by who asks', async () => {
  const { page, to } = custodian;
  await to('/now');
  assert.equal(await page.getByRole('textbox', { name: 'Reason' }).getAttribute('required'), '');
  await page.fill('#reason', 'incident 17');
  await page.getByRole('button', { name: 'Pull the breaker' }).click();
  assert.match(await page.textContent('.switch'), /no request is accepted[^]*incident 17/);
  await page.fill('#reason', 'incident 17 closed');
  await page.getByRole('button', { name: 'Reset the breaker' }).click();
  assert.match(await page.textContent('.switch'), /requests are accepted/);
  await to('/log');
  assert.match(await page.textContent('main'), /Breaker reset: incident 17 closed[^]*Breaker pulled: incident 17/);
});

test('who is to be removed is shown first, waits when it is confirmed, and stays when that is undone', async () => {
  const { page, to } = custodian;
  await to('/gallery/1/remove');
  await page.fill('#ids', 'S000040');
  await page.getByRole('button', { name: 'Show what would change' }).click();
  assert.match(await page.textContent('main'), /Nothing has been written yet[^]*S000040/);
  await page.getByRole('button', { name: /^Remove/ }).click();
  await page.getByRole('button', { name: 'Undo' }).click();
  assert.match(await page.textContent('main'), /It was dropped. Nothing was written/);
  await to('/gallery/1');
  assert.match(await page.textContent('main'), /Persons\s*40/);
});

test('an accuracy card grows, a threshold is moved by the keyboard, and becomes a new agreement', async () => {
  const { page, to } = querier;
  const file = (name) => path.join(both.evaluation, name);
  await to('/evaluation');
  await page.setInputFiles('#probes', file('sample-2.npy'));
  await page.setInputFiles('#probe-ids', file('sample-2.ids.txt'));
  await page.setInputFiles('#references', file('sample-1.npy'));
  await page.setInputFiles('#reference-ids', file('sample-1.ids.txt'));
  await page.getByRole('button', { name: 'Evaluate' }).click();
  await page.getByRole('link', { name: 'Move the threshold' }).click({ timeout: 120_000 });
  const reading = page.locator('#reading');
  const before = await reading.textContent();
  for (const rate of ['FMR', 'FNMR', 'FPIR', 'FNIR']) assert.match(before, new RegExp(rate));
  await page.focus('#point');
  for (let steps = 0; steps < 5; steps += 1) await page.keyboard.press('ArrowRight');
  await page.waitForFunction((text) => document.querySelector('#reading').textContent !== text, before);
  await page.getByRole('button', { name: 'Use in a new agreement' }).click();
  assert.match(await page.textContent('main'), /takes effect only when both parties have this file/);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download agreement.toml' }).click()]);
  assert.equal(download.suggestedFilename(), 'agreement.toml');
});

test('a request goes on after its process was killed', async () => {
  const first = both.own();
  await first.said;
  const one = await enter(await browser.newContext(), (await first.said).address);
  await ask(one, both.probes, 'file 8/2026');
  const where = new URL(one.page.url()).pathname.split('/').slice(2).join('/');
  // As soon as it is kept.
  while (await one.page.getByText('What was signed').count() === 0) await one.page.reload();
  await first.stop('SIGKILL');

  const second = both.own();
  const other = await enter(await browser.newContext(), (await second.said).address);
  await other.to(`/${where}`);
  if (await other.page.locator('.verdict').count() === 0) {
    await other.page.getByRole('button', { name: 'Go on' }).click();
    await other.page.locator('.verdict').first().waitFor({ timeout: 120_000 });
  }
  assert.equal(await other.page.locator('.verdict').count(), 4);
  await other.page.context().close();
  await second.stop();
});

test('without scripts the same is done by typing the token and loading pages', async () => {
  const own = both.own();
  const link = (await own.said).address;
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  const [origin, token] = link.split('/#');
  await page.goto(origin);
  await page.fill('#token', token);
  await page.getByRole('button', { name: 'Open' }).click();
  await page.waitForURL(/\/ask$/);
  const base = page.url().replace(/\/ask$/, '');
  await ask({ page, to: (where) => page.goto(base + where) }, both.probes, 'file 9/2026');
  // The page loads itself again as long as it is under way.
  await page.locator('.verdict').first().waitFor({ timeout: 120_000 });
  assert.equal(await page.locator('.verdict').count(), 4);
  await context.close();
  await own.stop();
});

test('the keyboard alone suffices', async () => {
  const { page, to } = querier;
  await to('/requests');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the content');
  await page.keyboard.press('Enter');
  for (let tabs = 0; tabs < 20; tabs += 1) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate(() => document.activeElement.getAttribute('href') ?? '');
    if (/\/requests\/\d/.test(focused)) break;
  }
  const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.notEqual(ring, 'none', 'what has the focus is seen to have it');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/requests\/\d/);
  assert.ok(await page.locator('.verdict').count() > 0);
});

test('no page has complained about its policy, its scripts or anything from elsewhere', () => {
  assert.deepEqual([...querier.complaints, ...custodian.complaints], []);
});
