// The picture of the README: a request with its verdicts.
import { demo, enter, launch } from './harness.mjs';

const both = await demo();
const browser = await launch();
try {
  const context = await browser.newContext({ viewport: { width: 1000, height: 760 }, deviceScaleFactor: 1 });
  const { page, to } = await enter(context, both.querier);
  await to('/ask');
  await page.setInputFiles('#file', both.probes);
  await page.getByRole('button', { name: 'Read it' }).click();
  await page.selectOption('#purpose', 'identification');
  await page.fill('#justification', 'file 7/2026');
  await page.getByRole('button', { name: 'Show what it will cost' }).click();
  await page.getByRole('button', { name: 'Ask about' }).click();
  await page.locator('.verdict').first().waitFor({ timeout: 120_000 });
  await page.screenshot({ path: process.argv[2] });
} finally {
  await browser.close();
  await both.stop();
}
