#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# drive-top.py DMACTL TRACE - press the keys of 'dmactl top' on a terminal of our own, and
# see that they do what its help says.
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

PATIENCE = 20


class Terminal:
    def __init__(self, command):
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.environ["TERM"] = "vt100"
            os.execv(command[0], command)
        self.resize(24, 110)
        self.text = ""

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.kill(self.pid, signal.SIGWINCH)

    def read(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return
        try:
            self.text += re.sub("\033[\\[(][0-9;?]*[A-Za-z]", " ",
                                os.read(self.fd, 65536).decode(errors="replace"))
        except OSError:
            time.sleep(0.05)

    def expect(self, what):
        end = time.monotonic() + PATIENCE
        while not re.search(what, self.text):
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                sys.exit("not drawn: %s\n%s" % (what, self.text[-2000:]))
            self.read(0.1)

    def press(self, keys, what):
        self.text = ""
        os.write(self.fd, keys.encode())
        # Only what differs is drawn: Ctrl-L asks for all of it.
        end = time.monotonic() + PATIENCE
        while not re.search(what, self.text) and time.monotonic() < end:
            self.text = ""
            os.write(self.fd, b"\f")
            self.read(0.5)
            self.read(0.2)
        self.expect(what)

    def end(self):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
        os.kill(self.pid, signal.SIGKILL)
        sys.exit("it does not end")


try:
    os.close(os.open("/dev/ptmx", os.O_RDWR))
except OSError as error:
    print(f"no terminal can be made here ({error}), the keys are not tried")
    sys.exit(0)
terminal = Terminal([sys.argv[1], "top", sys.argv[2]])
terminal.expect("DEVICE")
terminal.expect("0000:00:04.0")
terminal.expect("by bytes")
terminal.press("h", "pause, and go on")
terminal.press("h", "0000:00:02.0")
terminal.press("p", "PAUSED")
terminal.press("p", "q end")
terminal.press(">", "live")
terminal.press("d0000:00:03*\r", "of 0000:00:03")
terminal.resize(12, 60)
terminal.press("", "0000:00:03.0 +ahci")
terminal.press("d", "devices: _")
terminal.press("\r", "q end")
os.write(terminal.fd, b"q")
status = terminal.end()
if status:
    sys.exit("it ends with %d" % status)
