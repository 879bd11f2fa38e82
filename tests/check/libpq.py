# SPDX-License-Identifier: Apache-2.0
"""libpq by ctypes: connections that stay open (a session's locks end with it), and the server's notices, which psql mixes with its own."""
import ctypes, ctypes.util

_pq = ctypes.CDLL(ctypes.util.find_library('pq') or 'libpq.so.5')
_text, _ptr = ctypes.c_char_p, ctypes.c_void_p
_NOTICE = ctypes.CFUNCTYPE(None, _ptr, _ptr)
for name, result, *arguments in (
        ('PQconnectdb', _ptr, _text), ('PQstatus', ctypes.c_int, _ptr), ('PQerrorMessage', _text, _ptr), ('PQfinish', None, _ptr),
        ('PQexec', _ptr, _ptr, _text), ('PQresultStatus', ctypes.c_int, _ptr), ('PQresultErrorField', _text, _ptr, ctypes.c_int),
        ('PQresultErrorMessage', _text, _ptr),
        ('PQclear', None, _ptr), ('PQntuples', ctypes.c_int, _ptr), ('PQnfields', ctypes.c_int, _ptr), ('PQgetvalue', _text, _ptr, ctypes.c_int, ctypes.c_int),
        ('PQgetisnull', ctypes.c_int, _ptr, ctypes.c_int, ctypes.c_int), ('PQsetNoticeReceiver', _ptr, _ptr, _NOTICE, _ptr), ('PQbackendPID', ctypes.c_int, _ptr)):
    function = getattr(_pq, name)
    function.restype, function.argtypes = result, arguments
_SQLSTATE, _MESSAGE = ord('C'), ord('M')
_FATAL_ERROR = 7


class Failed(Exception):
    def __init__(self, sqlstate, message):
        super().__init__(message)
        self.sqlstate, self.message = sqlstate, message


class Connection:
    def __init__(self, url):
        self._c = _pq.PQconnectdb(url.encode())
        if _pq.PQstatus(self._c):
            raise RuntimeError(_pq.PQerrorMessage(self._c).decode())
        self.notices, self._receiver = [], _NOTICE(self._notice)  # kept: libpq calls it for as long as the connection lives
        _pq.PQsetNoticeReceiver(self._c, self._receiver, None)
        self.pid = _pq.PQbackendPID(self._c)

    def _notice(self, _, result):
        self.notices.append((_pq.PQresultErrorField(result, _MESSAGE) or b'').decode(errors='replace'))

    def run(self, sql):
        """rows of the last statement, as text"""
        result = _pq.PQexec(self._c, sql.encode())
        try:
            if not result or _pq.PQresultStatus(result) == _FATAL_ERROR:
                raise Failed((_pq.PQresultErrorField(result, _SQLSTATE) or b'').decode(),
                             (_pq.PQresultErrorField(result, _MESSAGE) or _pq.PQerrorMessage(self._c)).decode(errors='replace'))
            return [tuple(None if _pq.PQgetisnull(result, r, c) else _pq.PQgetvalue(result, r, c).decode(errors='replace')
                          for c in range(_pq.PQnfields(result))) for r in range(_pq.PQntuples(result))]
        finally:
            _pq.PQclear(result)

    def close(self):
        if self._c:
            _pq.PQfinish(self._c)
        self._c = None
