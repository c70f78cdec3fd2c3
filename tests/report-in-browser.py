# SPDX-License-Identifier: GPL-2.0-or-later
"""Open a report in headless Chromium, click through it, and look whether it is right.

report-in-browser.py REPORT [--hostile NAME] [--screenshots FOLDER]

Talks with Chromium by a pipe (--remote-debugging-pipe), so that nothing but Chromium and
Python is needed. Exits with 77 where there is no Chromium that starts.
"""
import argparse
import base64
import json
import os
import pathlib
import select
import shutil
import subprocess
import sys
import tempfile
import time

WAIT = 90  # seconds, for an answer on a busy machine


class Browser:
    def __init__(self, program, folder):
        to_read, to_write = os.pipe()
        from_read, from_write = os.pipe()

        def wire():
            # high numbers first: one of the pipes may be 3 or 4
            read, write = os.dup(to_read) + 0, os.dup(from_write) + 0
            os.dup2(read, 103)
            os.dup2(write, 104)
            os.dup2(103, 3)
            os.dup2(104, 4)
            os.closerange(5, 105)

        self.program = subprocess.Popen(
            [program, '--headless', '--no-sandbox', '--disable-gpu', '--no-first-run',
             '--disable-dev-shm-usage', '--hide-scrollbars', '--remote-debugging-pipe',
             f'--user-data-dir={folder}', 'about:blank'],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=wire, close_fds=False)
        os.close(to_read)
        os.close(from_write)
        self.out, self.into = from_read, to_write
        self.rest, self.number, self.session, self.events = b'', 0, None, []

    def receive(self):
        end = time.monotonic() + WAIT
        while b'\0' not in self.rest:
            ready, _, _ = select.select([self.out], [], [], max(end - time.monotonic(), 0))
            data = os.read(self.out, 1 << 20) if ready else b''
            if not data:
                raise EOFError('Chromium says nothing')
            self.rest += data
        message, self.rest = self.rest.split(b'\0', 1)
        return json.loads(message)

    def ask(self, method, **parameters):
        self.number += 1
        message = {'id': self.number, 'method': method, 'params': parameters}
        if self.session:
            message['sessionId'] = self.session
        os.write(self.into, json.dumps(message).encode() + b'\0')
        while True:
            answer = self.receive()
            if answer.get('id') == self.number:
                if 'error' in answer:
                    raise RuntimeError(f'{method}: {answer["error"]}')
                return answer['result']
            self.events.append(answer)

    def wait_for(self, method):
        while not any(event.get('method') == method for event in self.events):
            self.events.append(self.receive())

    def open_page(self):
        target = self.ask('Target.createTarget', url='about:blank')['targetId']
        self.session = self.ask('Target.attachToTarget', targetId=target,
                                flatten=True)['sessionId']
        for domain in ('Page', 'Runtime', 'Network', 'Log', 'DOM'):
            self.ask(f'{domain}.enable')

    def load(self, path):
        self.events = []
        self.ask('Page.navigate', url=pathlib.Path(path).resolve().as_uri())
        self.wait_for('Page.loadEventFired')

    def run(self, expression):
        result = self.ask('Runtime.evaluate', expression=expression, returnByValue=True)
        if 'exceptionDetails' in result:
            raise RuntimeError(f'{expression}: {result["exceptionDetails"]}')
        return result['result'].get('value')

    def look(self, width, scheme, media=''):
        self.ask('Emulation.setDeviceMetricsOverride', width=width, height=844,
                 deviceScaleFactor=1, mobile=width < 600)
        self.ask('Emulation.setEmulatedMedia', media=media,
                 features=[{'name': 'prefers-color-scheme', 'value': scheme}])

    def click(self, selector):
        x, y = self.run(
            f'''(() => {{ const e = document.querySelector({json.dumps(selector)});
            e.scrollIntoView({{block: 'center'}}); const b = e.getBoundingClientRect();
            return [b.x + b.width / 2, b.y + b.height / 2]; }})()''')
        for kind in ('mousePressed', 'mouseReleased'):
            self.ask('Input.dispatchMouseEvent', type=kind, x=x, y=y, button='left',
                     clickCount=1)

    def press(self, key, code):
        for kind in ('keyDown', 'keyUp'):
            self.ask('Input.dispatchKeyEvent', type=kind, key=key, code=key,
                     windowsVirtualKeyCode=code)

    def shoot(self, path):
        size = self.ask('Page.getLayoutMetrics')['cssContentSize']
        shot = self.ask('Page.captureScreenshot', captureBeyondViewport=True,
                        clip={'x': 0, 'y': 0, 'width': size['width'],
                              'height': min(size['height'], 6000), 'scale': 1})
        pathlib.Path(path).write_bytes(base64.b64decode(shot['data']))

    def close(self):
        self.program.kill()
        self.program.wait()


# Each text and the colour behind it; those of too little contrast (WCAG 2, AA).
CONTRAST = '''(() => {
const parse = text => text.match(/[0-9.]+/g).map(Number);
const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= .03928 ? v / 12.92
	: ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
const behind = e => { for (; e; e = e.parentElement) {
	const c = parse(getComputedStyle(e).backgroundColor);
	if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
const bad = [];
for (const e of document.body.querySelectorAll('*')) {
	if (e.closest('svg, script') || !e.getClientRects().length ||
	    ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
	const style = getComputedStyle(e), a = light(parse(style.color).slice(0, 3)),
		b = light(behind(e).slice(0, 3));
	const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
	if (ratio < 4.5) bad.push(e.tagName + ' ' + e.className + ' ' + ratio.toFixed(2));
}
return bad; })()'''

VISIBLE = '''[...document.querySelectorAll('.moment')].filter(m =>
	m.getClientRects().length).map(m => m.dataset.at)'''


class Test:
    def __init__(self, browser, shots):
        self.browser, self.shots, self.failed = browser, shots, 0

    def expect(self, what, holds):
        if not holds:
            self.failed += 1
            print(f'not so: {what}')

    def looks(self):
        for width in (1280, 390):
            for scheme in ('light', 'dark'):
                self.browser.look(width, scheme)
                where = f'{width} {scheme}'
                wide = self.browser.run('document.documentElement.scrollWidth')
                self.expect(f'{where}: no wider than its window, but {wide}', wide <= width)
                paper = self.browser.run('getComputedStyle(document.body).backgroundColor')
                is_dark = sum(int(n) for n in paper[4:-1].split(',')[:3]) < 200
                self.expect(f'{where}: paper is {paper}', is_dark == (scheme == 'dark'))
                bad = self.browser.run(CONTRAST)
                self.expect(f'{where}: contrast of {bad[:5]}', not bad)
                if self.shots:
                    self.browser.shoot(f'{self.shots}/{width}-{scheme}.png')
        self.browser.look(1280, 'light', 'print')
        self.expect('print: no buttons', self.browser.run(
            "getComputedStyle(document.getElementById('player')).display") == 'none')

    def slider(self):
        browser = self.browser
        count = browser.run("document.querySelectorAll('.moment').length")
        first = browser.run(VISIBLE)
        self.expect(f'one moment of {count} is shown, not {first}',
                    len(first) == 1 and count > 2)
        for go in browser.run("[...document.querySelectorAll('[data-go]')]"
                              ".map(b => b.textContent)"):
            index = browser.run("[...document.querySelectorAll('[data-go]')]"
                                f".findIndex(b => b.textContent === '{go}')")
            browser.click(f'[data-go]:nth-of-type({3 + index})')
            shown = browser.run(VISIBLE)
            self.expect(f'{go} shows {shown}', len(shown) == 1 and go in shown[0])
        browser.run("document.querySelector('#player input').focus()")
        browser.press('Home', 36)
        self.expect('Home is the first moment', browser.run(VISIBLE) == [browser.run(
            "document.querySelector('.moment').dataset.at")])
        before = browser.run(VISIBLE)
        browser.press('ArrowRight', 39)
        after = browser.run(VISIBLE)
        self.expect(f'an arrow key goes on: {before}, {after}', len(after) == 1 and
                    before != after)
        self.expect('the moment is told', after == [
            browser.run("document.querySelector('#player output').textContent")])
        browser.click('[data-step="-1"]')
        self.expect('and a button back', browser.run(VISIBLE) == before)

    def tables(self):
        column = '''[...document.querySelector('table.sortable').tBodies[0].rows]
            .map(r => Number(r.cells[3].dataset.v))'''
        head = 'table.sortable th:nth-child(4) button'
        for order in (True, False):
            self.browser.click(head)
            got = self.browser.run(column)
            self.expect(f'sorted {got}', got == sorted(got, reverse=order))
        self.expect('told to who cannot see it', self.browser.run(
            f"document.querySelector('{head}').parentElement.ariaSort") == 'ascending')
        self.browser.click('#timeline summary')
        rows = self.browser.run("[...document.querySelectorAll('#timeline tbody tr')]"
                                '.filter(r => r.getClientRects().length).length')
        self.expect(f'numbers below the charts: {rows} rows', rows > 10)

    def alone(self, path):
        """Nothing but the file was asked for, and nothing was complained of."""
        name = pathlib.Path(path).resolve().as_uri()
        for event in self.browser.events:
            method, told = event.get('method'), event.get('params', {})
            if method == 'Network.requestWillBeSent':
                self.expect(f'asks for {told["request"]["url"][:80]}',
                            told['request']['url'] == name)
            elif method in ('Runtime.exceptionThrown', 'Log.entryAdded'):
                self.expect(f'says {json.dumps(told)[:300]}', False)
            elif method == 'Page.javascriptDialogOpening':
                self.expect('opens a dialog', False)

    def without_script(self, path):
        self.browser.ask('Emulation.setScriptExecutionDisabled', value=True)
        self.browser.load(path)
        shown = len(self.browser.run(VISIBLE))
        count = self.browser.run("document.querySelectorAll('.moment').length")
        self.expect(f'without script all moments are shown, not {shown}', shown == count)
        self.expect('and no slider', not self.browser.run(
            "document.getElementById('player').getClientRects().length"))
        self.browser.ask('Emulation.setScriptExecutionDisabled', value=False)

    def hostile(self, name):
        browser = self.browser
        self.expect('one script', browser.run('document.scripts.length') == 1)
        strange = browser.run('''[...document.querySelectorAll('*')].filter(e =>
            ['IMG', 'IFRAME', 'OBJECT', 'FORM', 'LINK', 'BASE'].includes(e.tagName) ||
            [...e.attributes].some(a => a.name.startsWith('on'))).map(e => e.outerHTML)''')
        self.expect(f'no strange elements: {strange}', not strange)
        self.expect('nothing of the trace ran', browser.run('typeof hacked') == 'undefined')
        found = browser.run("[...document.querySelectorAll('#devices tbody th')]"
                            '.map(e => e.textContent)')
        self.expect(f'{name!r} is a text of {found}', name in found)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('report')
    parser.add_argument('--hostile')
    parser.add_argument('--screenshots')
    arguments = parser.parse_args()
    program = shutil.which('chromium')
    if not program:
        print('needs chromium')
        sys.exit(77)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(program, folder)
        try:
            try:
                browser.open_page()
            except (EOFError, BrokenPipeError) as error:
                print(f'chromium does not start here: {error}')
                sys.exit(77)
            test = Test(browser, arguments.screenshots)
            browser.load(arguments.report)
            if arguments.hostile:
                test.hostile(arguments.hostile)
            else:
                test.slider()
                test.tables()
            test.looks()
            test.alone(arguments.report)
            test.without_script(arguments.report)
        finally:
            browser.close()
    sys.exit(1 if test.failed else 0)


main()
