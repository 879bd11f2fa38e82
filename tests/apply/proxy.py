# SPDX-License-Identifier: Apache-2.0
"""A proxy that knows PostgreSQL's messages: it counts what the runner's step connections send, and calls a fault at one of them."""
import os, socket, struct, threading, time


class Fault:
    """fires once: at message `number` of step connections, `when` = before | during | after (its answer has come, the client has not seen it)"""

    def __init__(self, number=-1, when='before', action=None):
        self.number, self.when, self.action, self.fired = number, when, action, False


class Proxy:
    def __init__(self, server_socket):
        self.server_socket, self.lock = server_socket, threading.Lock()
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.reset(Fault())
        threading.Thread(target=self._accept, daemon=True).start()

    def reset(self, fault):
        self.fault, self.sent = fault, []

    def url(self, db, user='postgres'):
        return f'postgresql://{user}@127.0.0.1:{self.port}/{db}?sslmode=disable&gssencmode=disable'

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=_Link, args=(self, client), daemon=True).start()

    def stop(self):
        self.listener.close()


class _Link:
    def __init__(self, proxy, client):
        self.proxy, self.client, self.pid, self.step, self.after, self.frozen = proxy, client, 0, False, False, False
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server = socket.socket(socket.AF_UNIX)
        try:
            self.server.connect(proxy.server_socket)
            head = self._exactly(client, 4)
            body = self._exactly(client, struct.unpack('>I', head)[0] - 4)
            self.step = b'contraflow step' in body
            self.server.sendall(head + body)
        except OSError:
            return self.cut()
        threading.Thread(target=self._guard, args=(self._to_client,), daemon=True).start()
        self._guard(self._to_server)

    def _guard(self, loop):
        try:
            loop()
        except (OSError, EOFError):
            pass
        self.cut()

    @staticmethod
    def _exactly(sock, n):
        data = b''
        while len(data) < n:
            more = sock.recv(n - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def _message(self, sock):
        kind = self._exactly(sock, 1)
        length = self._exactly(sock, 4)
        return kind, kind + length + self._exactly(sock, struct.unpack('>I', length)[0] - 4)

    def cut(self):
        for s in (self.client, self.server):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()

    def _fire(self):
        self.proxy.fault.fired = True
        self.proxy.fault.action(self)

    def _to_server(self):
        unit, text = b'', ''
        while True:
            kind, data = self._message(self.client)
            unit += data
            if kind == b'Q':
                text = data[5:-1].decode()
            elif kind == b'P':
                text = data[5:].split(b'\0')[1].decode()
            if kind not in (b'Q', b'S', b'X', b'p'):
                continue
            fire = None
            if self.step and kind != b'X':
                with self.proxy.lock:
                    number = len(self.proxy.sent)
                    self.proxy.sent.append(text)
                    fault = self.proxy.fault
                    if number == fault.number and not fault.fired:
                        fire = fault.when
            if fire == 'before':
                self._fire()
            if fire == 'after':
                self.after = True
            while self.frozen:
                time.sleep(0.1)
            self.server.sendall(unit)
            unit = b''
            if fire == 'during':
                time.sleep(0.002)
                self._fire()

    def _to_client(self):
        while True:
            kind, data = self._message(self.server)
            if kind == b'K':
                self.pid = struct.unpack('>I', data[5:9])[0]
            if kind == b'Z' and self.after:
                self.after = False
                self._fire()
            while self.frozen:
                time.sleep(0.1)
            self.client.sendall(data)
