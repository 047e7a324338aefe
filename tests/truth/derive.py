#!/usr/bin/env python3
"""Drafts an expectation file from a capture: a second, naive implementation.

It holds the whole capture in memory, gives each byte of a stream the frame that brought it
first, and reads the dialog with all replies known. It shares no code and no structure with
smtp-audit. `derive.py CAPTURE...` prints the draft; `derive.py --check CAPTURE FILE` compares
it with an expectation file (comments and order of lines inside a session aside).

In a session with holes only what is certain is written (`partial`): commands that fill a
segment, with the reply whose segment acknowledges exactly their end.
"""
import bisect
import gzip
import ipaddress
import re
import struct
import sys

SMTP, PROXY = {25, 465, 587, 2525}, {1080, 3128, 8080, 8118}
VERBS = set("HELO EHLO LHLO MAIL RCPT DATA BDAT RSET NOOP QUIT VRFY EXPN HELP STARTTLS AUTH ETRN "
            "ATRN TURN BURL XCLIENT XFORWARD SEND SOML SAML".split())


def frames(path):
    """(number, link type, bytes) of every packet of a pcap or pcapng file."""
    raw = open(path, "rb").read()
    raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    if raw[:4] == b"\x0a\x0d\x0d\x0a":
        at, n, links, e = 0, 0, [], "<"
        while at + 12 <= len(raw):
            if raw[at:at + 4] == b"\x0a\x0d\x0d\x0a":
                e, links = ("<" if raw[at + 8:at + 12] == b"\x4d\x3c\x2b\x1a" else ">"), []
            kind, size = struct.unpack(e + "II", raw[at:at + 8])
            if kind == 1:
                links.append(struct.unpack(e + "H", raw[at + 8:at + 10])[0])
            elif kind == 6:
                interface, _, _, cap, wire = struct.unpack(e + "5I", raw[at + 8:at + 28])
                n += 1
                yield n, links[interface], raw[at + 28:at + 28 + cap]
            elif kind in (2, 3):
                sys.exit("packet block of a kind that is not read here")
            at += size
        return
    e = "<" if raw[0] in (0xd4, 0x4d) else ">"
    link, at, n = struct.unpack(e + "I", raw[20:24])[0] & 0xffff, 24, 0
    while at + 16 <= len(raw):
        cap = struct.unpack(e + "I", raw[at + 8:at + 12])[0]
        n += 1
        yield n, link, raw[at + 16:at + 16 + cap]
        at += 16 + cap


def segments(path):
    """(frame, source, target, seq, ack, flags, data, cut bytes) of every TCP packet."""
    for n, link, p in frames(path):
        if link == 1:
            kind, at = struct.unpack(">H", p[12:14])[0], 14
            while kind in (0x8100, 0x88a8):
                kind, at = struct.unpack(">H", p[at + 2:at + 4])[0], at + 4
            if kind not in (0x0800, 0x86dd):
                continue
            p = p[at:]
        elif link in (0, 108):
            p = p[4:]
        elif link not in (12, 14, 101, 228, 229):
            sys.exit(f"link type {link}")
        if not p:
            continue
        if p[0] >> 4 == 4:
            head, total, proto = (p[0] & 15) * 4, struct.unpack(">H", p[2:4])[0], p[9]
            if struct.unpack(">H", p[6:8])[0] & 0x3fff and proto == 6:
                print(f"# frame {n} is a fragment", file=sys.stderr)
            source, target = p[12:16], p[16:20]
            total = total or len(p)
        else:
            head, total, proto = 40, struct.unpack(">H", p[4:6])[0] + 40, p[6]
            source, target = p[8:24], p[24:40]
        if proto != 6:
            continue
        tcp = p[head:total]
        if len(tcp) < 14:
            continue
        sport, dport, seq, ack, off, flags = struct.unpack(">HHIIBB", tcp[:14])
        data = tcp[(off >> 4) * 4:]
        cut = max(0, total - head - (off >> 4) * 4 - len(data))
        yield (n, (source, sport), (target, dport), seq, ack if flags & 16 else None, flags, data, cut)


class Stream:
    """One direction: bytes by offset, the frame and acknowledgment that came with each run."""

    def __init__(self):
        self.base, self.runs, self.acked, self.end, self.fin, self.rst = None, [], 0, 0, None, None

    def offset(self, seq):
        d = (seq - self.base) & 0xffffffff
        return d - (1 << 32) if d > 1 << 31 else d

    def add(self, n, seq, data, ack):
        start = self.offset(seq)
        spans = [(start, start + len(data))]
        for o, d, _, _ in self.runs:
            spans = [s for a, b in spans for s in ((a, min(b, o)), (max(a, o + len(d)), b)) if s[0] < s[1]]
        for a, b in spans:
            if a >= 0:
                self.runs.append((a, data[a - start:b - start], n, ack))
        self.end = max(self.end, start + len(data))

    def finish(self):
        self.runs.sort()
        self.starts = [r[0] for r in self.runs]
        end = max(self.end, min(self.acked, self.end + (1 << 20)))
        text, at, self.holes = bytearray(), 0, []
        for o, d, _, _ in self.runs:
            if o > at:
                self.holes.append((at, o))
                text += bytes(o - at)
            text += d
            at = o + len(d)
        if end > at:
            self.holes.append((at, end))
        self.text = bytes(text)

    def run(self, offset):
        return self.runs[max(0, bisect.bisect_right(self.starts, offset) - 1)]

    def frame(self, a, b=None):
        """The latest frame of the bytes a..b (b defaults to the byte at a)."""
        i = max(0, bisect.bisect_right(self.starts, a) - 1)
        found = [r[2] for r in self.runs[i:] if r[0] < (b or a + 1) and r[0] + len(r[1]) > a]
        return max(found, default=0)

    def hole_in(self, a, b):
        return next((h for h in self.holes if h[0] < b and h[1] > a), None)

    @property
    def missing(self):
        return sum(b - a for a, b in self.holes)


class Flow:
    def __init__(self, n, client, server):
        self.frame, self.ends, self.sides = n, (client, server), {client: Stream(), server: Stream()}
        self.syn = self.synack = None
        self.last = n


def flows(path, any_port):
    """The connections with an SMTP or proxy port (or any), in order of their first packet."""
    live, done = {}, []
    for n, a, b, seq, ack, flags, data, cut in segments(path):
        ports = {a[1], b[1]}
        if not any_port and not ports & (SMTP | PROXY):
            continue
        key = frozenset((a, b))
        flow, syn, opens = live.get(key), flags & 2 and not flags & 16, flags & 2
        if flow is None or syn and flow.syn is not None and (a != flow.ends[0] or seq != flow.syn):
            if syn:
                client, server = a, b
            elif opens:
                client, server = b, a
            elif b[1] in SMTP | PROXY or (a[1] not in SMTP | PROXY and b[1] < a[1]):
                client, server = a, b
            else:
                client, server = b, a
            flow = live[key] = Flow(n, client, server)
            done.append(flow)
        me, peer = flow.sides[a], flow.sides[b]
        flow.last = n
        if syn:
            flow.syn = seq
        elif opens:
            flow.synack = n
        if opens:
            me.base = seq + 1 if me.base is None else me.base
            seq += 1
        if flags & 4:
            me.rst = me.rst or n
            flow.reset_by = a
        if me.base is None:
            me.base = seq
        if ack is not None:
            if peer.base is None:
                peer.base = ack
            peer.acked = max(peer.acked, peer.offset(ack))
        if flags & 4:
            continue
        seen = peer.offset(ack) if ack is not None else 0
        if data and me.offset(seq) + len(data) > 0:
            me.add(n, seq, data, seen)
        if data or cut:
            me.end = max(me.end, me.offset(seq) + len(data) + cut)
        if flags & 1:
            me.fin = me.fin or n
            me.fin_at = me.offset(seq) + len(data) + cut
            me.seen_at_fin = seen
    for flow in done:
        for s in flow.sides.values():
            s.base = s.base or 0
            if s.fin:  # the FIN takes a number of the sequence space: no missing byte
                s.acked = min(s.acked, s.fin_at)
            s.finish()
    return done


def replies(s, skip):
    """[code, lines, offset, end offset] of the replies of a server's stream, from `skip` on."""
    out, at, t = [], skip, s.text
    while at < len(t):
        nl = t.find(b"\n", at)
        hole = s.hole_in(at, nl + 1 if nl >= 0 else len(t))
        if hole:
            # Resume after the hole, at the start of the first whole line.
            nl = t.find(b"\n", hole[1])
            at = hole[1] if re.match(rb"[2-5]\d\d[ -]", t[hole[1]:hole[1] + 4]) else (nl + 1 if nl >= 0 else len(t))
            continue
        line = t[at:] if nl < 0 else t[at:nl + 1]
        end = at + len(line)
        m = re.match(rb"(\d\d\d)([ -]?)", line)
        if not m:
            out.append([0, [line], at, end])
        elif out and out[-1][4] and out[-1][3] == at:
            out[-1][1].append(line)
            out[-1][3], out[-1][4] = end, m[2] == b"-"
            at = end
            continue
        else:
            out.append([int(m[1]), [line], at, end, m[2] == b"-"])
        if len(out[-1]) < 5:
            out[-1].append(False)
        at = end
    return out


def quote(line):
    text = line.decode("utf-8", "surrogateescape")
    return '"' + "".join(
        '\\"' if c == '"' else c if " " <= c <= "~" or ord(c) > 0xa0 and not 0xdc80 <= ord(c) <= 0xdcff
        else f"\\x{ord(c) & 0xff:02x}" for c in text) + '"'


class Dialog:
    """Reads a flow from the given offsets on (after a proxy's preamble)."""

    def __init__(self, flow, skip=(0, 0)):
        self.flow, self.c, self.s = flow, flow.sides[flow.ends[0]], flow.sides[flow.ends[1]]
        self.out, self.messages, self.mail, self.tls, self.auth = [], [], None, None, None
        self.quit = self.before = None
        self.first, self.secrets = True, []
        self.skip = skip
        self.queue = replies(self.s, skip[1]) if self.s.text[skip[1]:skip[1] + 2] != b"\x16\x03" else []
        self.read(skip[0])
        self.flush("end")
        for code, _, a, _, _ in self.queue:
            self.out.append(f"unsolicited {code} frame {self.s.frame(a)}")

    def say(self, text):
        self.out.append(text)

    def reply(self, end, frame):
        """Takes the reply to a command that ended at client offset `end`."""
        while self.queue:
            code, lines, a, b, _ = self.queue[0]
            server = self.s.run(a)
            if server[2] < frame and server[3] < end:
                self.say(f"unsolicited {code} frame {self.s.frame(a)}")
                self.queue.pop(0)
                continue
            # A hole before this reply, and the client went on before it: the reply is lost.
            hole = self.s.hole_in(self.before or 0, a)
            later = next((r for r in self.c.runs if r[0] >= end), None)
            if hole and later and later[3] <= a and later[2] < server[2]:
                return None
            self.queue.pop(0)
            self.before = b
            return code, self.s.frame(a), a, b, lines
        return None

    def exchange(self, verb, line, a, b, frame=None, force=None):
        frame = frame or self.c.frame(a, b)
        waited, early = self.before, verb in ("HELO", "EHLO") and self.first
        self.first = False
        early = early and waited is not None and self.c.run(b - 1)[3] < waited
        got = self.reply(b, frame)
        piped = waited is not None and self.c.run(b - 1)[3] < waited
        shown = quote(line)
        if verb == "AUTH*":
            shown = '"…"'
        elif verb == "AUTH" and b" " in line[5:].strip():
            shown = quote(line[:line.index(b" ", 5) + 1])[:-1] + '…"'
            self.secrets.append(line.split(None, 2)[2].decode())
        head = "." if verb == "." else f'{verb or chr(34) * 2} {shown}'
        self.say(f"{head} frame {frame} -> " + (f"{got[0]} frame {got[1]}" if got else "none")
                 + (" pipelined?" if early else " pipelined" if piped else ""))
        return got

    def flush(self, why):
        m, self.mail = self.mail, None
        if not m:
            return
        code = m["code"]
        if m["done"]:
            outcome = m["done"]
        elif why == "closed" or why == "end":
            outcome, code = ("aborted" if self.c.fin and not self.c.holes else "unknown"), None
        else:
            outcome, code = "aborted", None
        rcpts = "".join(f' rcpt {quote(a)} {"-" if c is None else c}' for a, c in m["rcpt"])
        self.messages.append(
            f'message from {quote(m["from"])}{rcpts} transfer {m["how"] or "-"} size {m["size"]} '
            f'outcome {outcome} code {code or "-"} complete {str(m["whole"]).lower()}')

    def content(self, at):
        """Where the mail data that starts at `at` ends: (end of content, end of its end)."""
        t = self.c.text
        strict = at if t[at:at + 3] == b".\r\n" else t.find(b"\r\n.\r\n", at) + 2
        strict = (strict, strict + 3) if strict >= at and (strict > at or t[at:at + 1] == b".") else None
        answer = next((q for q in self.queue if self.s.run(q[2])[2] > self.c.frame(at)), None)
        heard = self.s.run(answer[2])[3] if answer else None
        if heard and (strict is None or heard < strict[1]):
            for m in re.finditer(rb"(?:^|\n)\.\r?\n", t[at:heard]):
                self.say(f"# a lenient end of data at frame {self.c.frame(at + m.end() - 1)}")
                strict = (at + m.end() - len(m[0].lstrip(b"\n")), at + m.end())
        return strict

    def read(self, at):
        t, c = self.c.text, self.c
        if t[at:at + 2] == b"\x16\x03":
            self.tls = f"tls implicit frame {c.frame(at)}"
            self.queue = []
            return
        if self.queue:
            first = self.queue[0]
            if first[0] in (220, 421, 554, 521, 500, 450, 451) or self.skip[1]:
                code, _, a, b, _ = self.queue.pop(0)
                self.say(f"greeting {code} frame {self.s.frame(a)}")
                self.before = b
        while at < len(t):
            nl = t.find(b"\n", at)
            end = len(t) if nl < 0 else nl + 1
            hole = c.hole_in(at, end)
            if hole:
                self.say(f"# client hole {hole[0]}..{hole[1]}")
                at = hole[1]
                while self.queue and self.s.run(self.queue[0][2])[3] <= at and c.run(at)[3] > self.queue[0][2]:
                    q = self.queue.pop(0)
                    self.before = q[3]
                    self.say(f"unsolicited {q[0]} frame {self.s.frame(q[2])}")
                if at < len(t) and not re.match(rb"[A-Z]{4}", t[at:at + 4]):
                    nl = t.find(b"\n", at)
                    at = len(t) if nl < 0 else nl + 1
                continue
            line = t[at:end]
            if nl < 0:
                self.say(f"# no line end: {line[:60]!r} frame {c.frame(at, end)}")
                return
            at = self.command(line.rstrip(b"\r\n") if line.endswith(b"\r\n") else line[:-1], at, end)
            if self.tls:
                return

    def command(self, line, a, b):
        c = self.c
        word = line.lstrip().split(None, 1)[0] if line.strip() else b""
        verb = word.decode("latin1").upper()
        verb = verb if verb in VERBS else ""
        m = self.mail
        if verb == "BDAT":
            return self.bdat(line, a, b)
        got = self.exchange(verb, line, a, b)
        code = got[0] if got else None
        good = code is not None and 200 <= code < 400
        bad = code is not None and code >= 400
        if verb == "MAIL":
            if m and bad:
                return b
            self.flush("new")
            path = re.search(rb":\s*<?([^>]*?)(?:>|\s|$)", line)
            self.mail = dict(rcpt=[], how=None, size=0, done="rejected" if bad else None,
                             code=code if bad else None, whole=True, **{"from": path[1] if path else b""})
            if code is None:
                self.mail["done"], self.mail["code"] = "unknown", None
            if bad:
                self.flush("refused")
        elif verb == "RCPT" and m:
            path = re.search(rb":\s*<?([^>]*?)(?:>|\s|$)", line)
            m["rcpt"].append((path[1] if path else b"", code))
            if all(k and k >= 400 for _, k in m["rcpt"]):
                m["done"], m["code"] = "rejected", code
            elif good and m["how"] is None:
                m["done"] = m["code"] = None
        elif verb == "DATA":
            if code == 354:
                return self.data(b)
            if m and bad:
                m["done"], m["code"] = "rejected", code
        elif verb in ("RSET", "HELO", "EHLO", "LHLO") and good:
            self.flush("reset")
        elif verb == "QUIT":
            self.flush("quit")
            self.quit = code
        elif verb == "STARTTLS" and code == 220:
            first = c.text[b:].find(b"\x16\x03")
            self.tls = f"tls starttls frame {c.frame(b + first)}" if first >= 0 else "tls starttls frame -"
            if first:
                self.say(f"# {first} octets before the handshake: {c.text[b:b + first]!r}")
            self.queue = []
        elif verb == "AUTH":
            name = line.split()[1].decode() if len(line.split()) > 1 else ""
            while code == 334:
                end = c.text.find(b"\n", b) + 1
                if not end:
                    break
                got = self.exchange("AUTH*", c.text[b:end].strip(), b, end)
                if len(c.text[b:end]) > 8:
                    self.secrets.append(c.text[b:end].strip().decode())
                code, b = got[0] if got else None, end
            self.auth = f"auth {name} " + ("unknown" if code is None else "accepted" if code < 300 else
                                           "aborted" if code in (334, 501) else "rejected")
        return b

    def data(self, at):
        m, ends = self.mail, self.content(at)
        t, how = self.c.text, "DATA"
        if ends is None:
            stop, after = len(t), None
        else:
            stop, after = ends
        body = t[at:stop]
        size = len(body) - len(re.findall(rb"(?:^|\r\n)\.(?!\r\n)", body))
        holes = [h for h in self.c.holes if h[0] < (after or self.c.end) and h[1] > at]
        size -= sum(min(y, stop) - max(x, at) for x, y in holes if x < stop)
        if m:
            m.update(how=how, size=size, done=None, code=None, whole=not holes and after is not None)
        if after is None:
            self.say(f"# no end of data; {len(body)} octets")
            if m and self.c.fin:
                m["whole"] = not holes
            elif m:
                m.update(done="unknown")
            return len(t)
        dot = self.c.frame(stop, after)
        got = self.exchange(".", b".", stop, after, dot)
        code = got[0] if got else None
        if m:
            m.update(done="unknown" if code is None else "accepted" if code < 400 else "rejected", code=code)
            self.flush("done")
        return after

    def bdat(self, line, a, b):
        c, m = self.c, self.mail
        args = re.fullmatch(rb"(?i)BDAT +(\d{1,20})( +LAST)? *", line)
        count = int(args[1]) if args else 0
        have = min(count, max(0, len(c.text) - b))
        frame = c.frame(a, b)
        if have == count and count:
            last = c.frame(b, b + count)
            answer = next((q for q in self.queue if self.s.run(q[2])[2] > frame), None)
            if not answer or self.s.frame(answer[2]) > last:
                frame = last
        got = self.exchange("BDAT", line, a, b, frame)
        code = got[0] if got else None
        if m and not args and code and code >= 400:
            m.update(done="rejected", code=code)
        elif m and args:
            hole = c.hole_in(b, b + count) if count else None
            m.update(how="BDAT", size=m["size"] + have - (min(hole[1], b + count) - hole[0] if hole else 0),
                     whole=m["whole"] and have == count and not hole)
            if code is not None and code >= 400:
                m.update(done="rejected", code=code)
            elif args[2] and m["done"] is None:
                m.update(done="accepted" if code else "unknown", code=code)
            if args[2]:
                self.flush("done")
        return b + have if args else b

    def end(self):
        f, c, s = self.flow, self.c, self.s
        if self.tls:
            return "tls"
        if self.quit:
            return "quit"
        if not s.runs and not c.runs and f.syn is not None and not f.synack:
            return "refused" if s.rst else "no-answer"
        events = [(n, w) for n, w in ((c.fin, "client-closed"), (s.fin, "server-closed"), (c.rst, "reset"), (s.rst, "reset")) if n]
        return min(events)[1] if events else "capture-end"


def proxy_skip(flow):
    """Offsets after a SOCKS5 or CONNECT preamble to an SMTP port; None if there is none."""
    c, s = (flow.sides[e].text for e in flow.ends)
    if c[:1] == b"\x05" and len(c) > 2:
        at = 2 + c[1]
        if c[at:at + 4] == b"\x05\x01\x00\x03":
            size = 5 + c[at + 4]
            port = c[at + size:at + size + 2]
            return (at + size + 2, 12) if int.from_bytes(port, "big") in SMTP else None
    m = re.match(rb"CONNECT [^ ]*:(\d+) HTTP/1\.[01]\r\n.*?\r\n\r\n", c, re.S)
    n = re.match(rb"HTTP/1\.[01] 200.*?\r\n\r\n", s, re.S)
    return (m.end(), n.end()) if m and n and int(m[1]) in SMTP else None


def speaks(flow):
    return re.match(rb"220[ -]", flow.sides[flow.ends[1]].text) is not None


def certain(c, s):
    """The exchanges of a session with holes that stand whatever was in the holes."""
    out = []
    if s.runs and s.runs[0][0] == 0 and s.runs[0][1][:4] == b"220 ":
        out.append(f"greeting 220 frame {s.runs[0][2]}")
    for offset, line, n, _ in c.runs:
        word = line.split(None, 1)[0].decode("latin1").upper() if line.strip() else ""
        if word in VERBS and line.endswith(b"\r\n") and line.count(b"\n") == 1:
            for _, text, m, heard in s.runs:
                if heard == offset + len(line) and m > n and re.match(rb"\d{3}[ -]", text):
                    out.append(f"{word} {quote(line[:-2])} frame {n} -> {text[:3].decode()} frame {m} pipelined?")
                    break
    return out


def gaps(flow, c, s):
    """A `gap` line a side; where no FIN was seen, the last octet that is acknowledged may be one."""
    for name, x in (("client", c), ("server", s)):
        open_end = x.holes and not x.fin and x.holes[-1][1] == x.acked
        if x.missing == 1 and open_end:
            yield f"maybe gap {name} 1"
        elif x.missing:
            yield f"gap {name} {x.missing - 1}|{x.missing}" if open_end else f"gap {name} {x.missing}"


def address(end):
    ip = ipaddress.ip_address(end[0])
    return f"{ip}:{end[1]}" if ip.version == 4 else f"[{ip}]:{end[1]}"


def derive(path, any_port=False):
    found = []
    for flow in flows(path, any_port):
        # Without a handshake and a byte: the tail of an older connection.
        if not (flow.syn or flow.synack) and not any(s.runs or s.holes for s in flow.sides.values()):
            continue
        skip = (0, 0)
        if flow.ends[1][1] not in SMTP:
            skip = proxy_skip(flow) if flow.ends[1][1] in PROXY else None
            if skip is None:
                if not any_port or not speaks(flow):
                    continue
                skip = (0, 0)
        found.append((flow, Dialog(flow, skip)))
    holed = [not d.tls and any(x.holes and not (x.missing == 1 and not x.fin) for x in (d.c, d.s)) for _, d in found]
    out, partial = [], False
    for number, (flow, d) in enumerate(found, 1):
        end = d.end()
        # Where packets are missing elsewhere, only a session from greeting to QUIT is surely whole.
        lossy = holed[number - 1] or any(holed) and not (end == "quit" and d.out[0].startswith("greeting"))
        partial = partial or lossy
        said = certain(d.c, d.s) if lossy else d.out
        if holed[number - 1]:
            end = "quit" if any(x.startswith("QUIT") for x in said) else "?"
        c, s = address(flow.ends[0]), address(flow.ends[1])
        out.append(f"\nsession {number} client {c} server {s} frame {flow.frame} end {end}")
        out += (["partial"] if lossy else []) + said
        out += [] if lossy else [x for x in (d.tls, d.auth) if x] + d.messages
        out += list(gaps(flow, d.c, d.s)) + [f'secret "{x}"' for x in d.secrets if not lossy]
    count = sum(" -> " in x for x in out), sum(x.startswith("message ") for x in out)
    return [f"total sessions {len(found)}" + ("" if partial else f" exchanges {count[0]} messages {count[1]}")] + out


def plain(lines):
    return sorted(x.strip() for x in lines if x.strip() and not x.startswith(("#", "capture", "same", "args", "secret")))


if __name__ == "__main__":
    if sys.argv[1] == "--check":
        want = open(sys.argv[3]).read().splitlines()
        mine, theirs = plain(derive(sys.argv[2], any(x.startswith("args: --any") for x in want))), plain(want)
        for x in [f"script: {x}" for x in mine if x not in theirs] + [f"file:   {x}" for x in theirs if x not in mine]:
            print(x)
    else:
        for path in [x for x in sys.argv[1:] if x[0] != "-"]:
            print("\n".join(derive(path, "--any-port" in sys.argv)))
