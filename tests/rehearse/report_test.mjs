// SPDX-License-Identifier: Apache-2.0
// The HTML report in a real browser: opens without errors, asks for nothing from elsewhere, filters work, names exist, keyboard reaches the bars.
//   node tests/rehearse/report_test.mjs REPORT.html [SHOTS_FOLDER]
// Needs playwright-core (npm; tools/setup.d/browser.sh puts it into build/browser) and Chromium (CHROMIUM, or /usr/bin/chromium); exits 77 where either is missing.
import {createRequire} from 'node:module';
import {existsSync} from 'node:fs';
import {pathToFileURL} from 'node:url';
import path from 'node:path';

const browserPath = process.env.CHROMIUM ?? '/usr/bin/chromium';
let chromium;
for (const base of [process.env.PLAYWRIGHT_FOLDER ?? path.join(path.dirname(new URL(import.meta.url).pathname), '../../build/browser'), process.cwd()]) {
  try {
    ({chromium} = createRequire(path.join(path.resolve(base), 'x.js'))('playwright-core'));
    break;
  } catch { /* the next place */ }
}
if (!chromium || !existsSync(browserPath)) {
  console.error(`SKIPPED: ${chromium ? browserPath + ' is missing (apt-get install chromium)' : 'playwright-core is missing (npm install playwright-core)'}`);
  process.exit(77);
}

const [, , report, shots] = process.argv;
const problems = [];
const check = (holds, what) => { if (!holds) problems.push(what); else console.log('ok', what); };
const browser = await chromium.launch({executablePath: browserPath, args: ['--no-sandbox', '--disable-gpu']});
try {
  for (const [name, options] of [['wide', {viewport: {width: 1280, height: 900}}], ['phone', {viewport: {width: 390, height: 844}, isMobile: true}], ['dark', {viewport: {width: 1280, height: 900}, colorScheme: 'dark'}]]) {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const errors = [], requests = [];
    page.on('console', message => { if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text()); });
    page.on('pageerror', error => errors.push(String(error)));
    page.on('request', request => { if (!request.url().startsWith('file:') && !request.url().startsWith('data:')) requests.push(request.url()); });
    await page.goto(pathToFileURL(path.resolve(report)).href);
    check(errors.length === 0, `${name}: no console errors ${errors.join('; ')}`);
    check(requests.length === 0, `${name}: nothing from elsewhere ${requests.join(' ')}`);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    check(overflow <= 0, `${name}: the page itself does not scroll sideways (${overflow})`);
    if (shots) await page.screenshot({path: path.join(shots, `${name}.png`), fullPage: true});
    if (name === 'phone') {
      const narrow = await page.evaluate(() => [...document.querySelectorAll('.scroll td')].filter(cell => cell.offsetParent && cell.textContent.length > 30 && cell.clientWidth < 250).length);
      check(narrow === 0, `phone: no cell is a column of single letters (${narrow})`);
      check(await page.locator('.scroll td[data-label="how it was tried"]').count() > 0, 'phone: cells say what they are');
      check(await page.locator('.scroll table:not([role=table])').count() === 0, 'phone: stacked tables are still tables');
    }
    if (name !== 'wide') { await context.close(); continue; }

    check(await page.locator('h1').count() === 1, 'one h1');
    check((await page.title()).startsWith('Review of '), 'the title says what it is');
    const unnamed = await page.evaluate(() => [...document.querySelectorAll('a,button,input,[role=img],[role=region],[role=group]')].filter(e =>
      !(e.getAttribute('aria-label') || e.textContent.trim() || e.closest('label')?.textContent.trim())).map(e => e.outerHTML.slice(0, 80)));
    check(unnamed.length === 0, `every control and picture has a name ${unnamed.join(' ')}`);
    const ids = await page.evaluate(() => { const all = [...document.querySelectorAll('[id]')].map(e => e.id); return all.length - new Set(all).size; });
    check(ids === 0, 'ids are unique');
    const rows = page.locator('#steps-table tbody tr');
    const all = await rows.count();
    await page.fill('#filter-text', 'no statement says this');
    check(await rows.filter({visible: true}).count() === 0, 'the text filter hides what does not match');
    await page.fill('#filter-text', '');
    check(await rows.filter({visible: true}).count() === all, 'an empty filter shows all');
    await page.check('#filter-reads');
    const blocking = await page.locator('#steps-table tbody tr[data-reads="1"]').count();
    check(await rows.filter({visible: true}).count() === blocking, 'the filter on blocked reads shows those');
    await page.uncheck('#filter-reads');
    const bars = page.locator('.bar');
    if (await bars.count() > 0) {
      await bars.first().focus();
      const tip = page.locator('#tip');
      check(await tip.isVisible() && (await tip.textContent()).includes(' on '), 'the keyboard shows what a bar is');
      await page.keyboard.press('Escape');
      check(!(await tip.isVisible()), 'Escape hides it');
      await bars.first().hover();
      check(await tip.isVisible(), 'the mouse shows it too');
    }
    await page.emulateMedia({media: 'print'});
    check(!(await page.locator('nav').isVisible()), 'print leaves the navigation out');
    await context.close();
  }
} finally {
  await browser.close();
}
if (problems.length) {
  console.error(problems.map(p => 'FAILED ' + p).join('\n'));
  process.exit(1);
}
