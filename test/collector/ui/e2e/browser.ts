// Opens the console in a real browser against a stand-in server, and collects whatever the browser complains of.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { buildConsole } from '../../../../collector/ui/build.ts';
import { type Bodies, serveConsole } from './api-server.ts';

/** A started browser with the console built once; `open` gives each test a page and bodies of its own. */
export interface Bench {
  open: (bodies: Bodies, path: string, options?: BrowserContextOptions) => Promise<OpenPage>;
  stop: () => Promise<void>;
}

export interface OpenPage {
  page: Page;
  url: string;
  /** Console errors, uncaught errors and violations of the content security policy so far. */
  complaints: string[];
  close: () => Promise<void>;
}

/** How long a test waits for a condition, in milliseconds. */
const DEADLINE_MS = 20_000;

async function openPage(
  browser: Browser,
  dir: string,
  bodies: Bodies,
  path: string,
  options: BrowserContextOptions,
) {
  const { url, server } = await serveConsole(dir, bodies);
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(DEADLINE_MS);
  const complaints: string[] = [];
  page.on('console', (message) => {
    // The browser reports every answer of 404 or 503; those of the API belong to the tests that ask for them.
    if (message.location().url.includes('/api/v1/')) return;
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(url + path);
  const close = async () => {
    await context.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { page, url, complaints, close };
}

/** Builds the console into a temporary folder and starts the browser at `executablePath`. */
export async function startBench(executablePath: string): Promise<Bench> {
  const dir = mkdtempSync(join(tmpdir(), 'console-e2e-'));
  await buildConsole(dir);
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync'],
  });
  return {
    open: (bodies, path, options = {}) => openPage(browser, dir, bodies, path, options),
    stop: async () => {
      await browser.close();
      rmSync(dir, { recursive: true });
    },
  };
}
