// What another page of the same browser can do to a console whose officer has it open.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { demo, enter, launch } from './harness.mjs';

let both, browser, console_, context, elsewhere, seen;

before(async () => {
  [both, browser] = await Promise.all([demo(), launch()]);
  context = await browser.newContext();
  console_ = await enter(context, both.querier);
  // Another program of this machine, on another port: to cookies it is the same host.
  seen = [];
  elsewhere = createServer((request, response) => {
    seen.push(request.headers.cookie ?? '');
    response.setHeader('content-type', 'text/html');
    response.end('<!DOCTYPE html><title>elsewhere</title><body></body>');
  });
  await new Promise((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
});
after(async () => { await browser?.close(); await both?.stop(); elsewhere?.close(); });

test('another page of the browser reads nothing, frames nothing, changes nothing, and gets no cookie', async () => {
  const { base } = console_;
  const csrf = (await console_.page.content()).match(/csrf=([0-9a-f]{64})/)[1];
  const other = await context.newPage();
  await other.goto(`http://127.0.0.1:${elsewhere.address().port}/`);
  assert.deepEqual(seen.filter((cookie) => cookie !== ''), [], 'the cookie goes to no other port');

  const read = await other.evaluate((url) => fetch(url, { credentials: 'include' }).then((got) => got.text(), (error) => `failed: ${error.message}`), `${base}/requests`);
  assert.match(read, /^failed/);
  const blind = await other.evaluate((url) => fetch(url, { credentials: 'include', mode: 'no-cors' }).then((got) => got.type, (error) => `failed: ${error.message}`), `${base}/requests`);
  assert.match(blind, /failed|opaque/);

  const statuses = [];
  other.on('response', (response) => { if (response.url().startsWith(base)) statuses.push(response.status()); });
  const frame = await other.evaluate((url) => new Promise((resolve) => {
    const frame = document.createElement('iframe');
    frame.onload = () => { try { resolve(frame.contentDocument?.body?.textContent ?? 'closed'); } catch { resolve('closed'); } };
    frame.src = url;
    document.body.append(frame);
  }), `${base}/requests`);
  assert.equal(frame, 'closed');
  // Even with a form's token, which it cannot know.
  await other.evaluate(([url]) => {
    const form = document.createElement('form');
    form.method = 'post';
    form.action = url;
    document.body.append(form);
    form.submit();
  }, [`${base}/leave?csrf=${csrf}`]);
  await other.waitForURL(/leave/);
  assert.deepEqual([...new Set(statuses)], [403]);
  await console_.to('/requests');
  assert.equal(await console_.page.title().then((title) => title.includes('A-BORDER')), true, 'the session goes on');
  await other.close();
});

test('a link from elsewhere leads to no page of the console', async () => {
  const other = await context.newPage();
  await other.goto(`http://127.0.0.1:${elsewhere.address().port}/`);
  await other.evaluate((url) => { location.href = url; }, `${console_.base}/requests`);
  await other.waitForURL(/requests/);
  assert.doesNotMatch(await other.content(), /A-BORDER/);
  await other.close();
});

test('a name that was made to lead here is answered with nothing of a page', async () => {
  const { port } = new URL(console_.base);
  const rebound = await launchWith(`--host-resolver-rules=MAP rebound.example 127.0.0.1`);
  const page = await rebound.newPage();
  const response = await page.goto(`http://rebound.example:${port}/`);
  assert.equal(response.status(), 421);
  await rebound.close();
});

async function launchWith(flag) {
  const { chromium } = await import('playwright-core');
  return chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', flag] });
}
