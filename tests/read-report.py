# SPDX-License-Identifier: GPL-2.0-or-later
"""Read a report as HTML, and print its texts, each behind the part that it is in.

read-report.py REPORT

Says what is wrong with it: elements that are not closed, a second script, anything that
would be fetched, or a script that its own policy does not allow.
"""
import base64
import hashlib
import html.parser
import re
import sys

VOID = {'meta', 'input'}
# what may have an attribute with an address
FETCHES = {'src', 'srcset', 'action', 'data', 'poster', 'background', 'xlink:href'}


class Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.part, self.wrong, self.ids = [], 'head', [], set()
        self.scripts, self.policy = [], ''

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        for name, value in attrs:
            if name in FETCHES or name.startswith('on') or name == 'style' or (
                    name == 'href' and not (value or '').startswith('#')):
                self.wrong.append(f'<{tag} {name}={value!r}>')
        if attributes.get('id') in self.ids:
            self.wrong.append(f'a second {attributes["id"]}')
        if 'id' in attributes:
            self.ids.add(attributes['id'])
        if tag == 'section' and 'id' in attributes:
            self.part = attributes['id']
        if tag in ('link', 'img', 'iframe', 'object', 'embed', 'base', 'form'):
            self.wrong.append(f'<{tag}>')
        if attributes.get('http-equiv') == 'Content-Security-Policy':
            self.policy = attributes['content']
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.wrong.append(f'</{tag}> at {self.getpos()} ends {self.open[-1:]}')
        else:
            self.open.pop()

    def handle_data(self, data):
        if self.open[-1:] == ['script']:
            self.scripts.append(data)
        elif self.open[-1:] == ['style']:
            if re.search(r'url\(|@import', data):
                self.wrong.append('the style fetches something')
        elif data.strip():
            print(f'{self.part}: {" ".join(data.split())}')


def main():
    with open(sys.argv[1], encoding='utf-8') as file:
        reader = Reader()
        reader.feed(file.read())
        reader.close()
    if reader.open:
        reader.wrong.append(f'open at the end: {reader.open}')
    if len(reader.scripts) != 1:
        reader.wrong.append(f'{len(reader.scripts)} scripts')
    for script in reader.scripts:
        digest = hashlib.sha256(script.encode()).digest()
        wanted = "'sha256-" + base64.b64encode(digest).decode() + "'"
        if wanted not in reader.policy:
            reader.wrong.append(f'report_script_hash is not {wanted}')
    if "default-src 'none'" not in reader.policy:
        reader.wrong.append('the policy allows to fetch')
    for wrong in reader.wrong[:10]:
        print(f'wrong: {wrong}')
    sys.exit(1 if reader.wrong else 0)


main()
