// A demo of both consoles, and a browser. What is started here ends with the test.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

const COTEJO = process.env.COTEJO;
export const SHOTS = path.resolve('shots');
mkdirSync(SHOTS, { recursive: true });

// No sandbox: the gate runs as root. Nothing is asked of the network.
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];

export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM, args: FLAGS });

// Starts a command that prints a document, and goes on.
export function start(words, options = {}) {
  const child = spawn(COTEJO, ['--json', ...words], { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const errors = [];
  child.stderr.on('data', (data) => errors.push(String(data)));
  const said = new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (data) => {
      text += data;
      try { resolve(JSON.parse(text)); } catch { /* not all of it yet */ }
    });
    child.on('exit', (code) => reject(new Error(`cotejo ${words[0]} ended with ${code}: ${errors.join('')}`)));
  });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  return {
    said, errors,
    // The address that it printed last.
    next: () => errors.join('').match(/http:\/\/127\.0\.0\.1:\d+\/#[0-9a-f]+/g)?.at(-1),
    stop: async (signal = 'SIGTERM') => { child.kill(signal); await ended; },
  };
}

// Both consoles, with synthetic people.
export async function demo() {
  const folder = mkdtempSync(path.join(tmpdir(), 'cotejo-browser-'));
  const running = start(['console', 'demo', '--out', path.join(folder, 'demo')]);
  const said = await running.said;
  return {
    ...said,
    // A console of the querier of its own, beside that of the demo.
    own: () => start(['console', 'querier', '--no-browser', '--config', path.join(said.folder, 'a/querier.toml'),
      '--agreement', path.join(said.folder, 'a/agreement.toml')]),
    stop: async () => { await running.stop('SIGINT'); rmSync(folder, { recursive: true, force: true }); },
  };
}

// Opens the address that a console printed; whatever a page complains about fails the test.
export async function enter(context, link) {
  const page = await context.newPage();
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(`script: ${error.message}`));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(link).origin) complaints.push(`elsewhere: ${request.url()}`);
  });
  await page.goto(link);
  await page.waitForURL((url) => url.pathname.length > 2);
  const { origin, pathname } = new URL(page.url());
  const base = `${origin}/${pathname.split('/')[1]}`;
  return { page, base, complaints, to: (where) => page.goto(base + where) };
}

export const text = (file) => readFileSync(file, 'utf8');
