"""The mesh that `scripts/demo` shows: run by it once everything is built.

Five nodes, a web server for them to watch, and a receiver of what they tell. Everything listens on
127.0.0.1 only. SIGINT, SIGTERM and SIGHUP stop all of it; SIGUSR1 starts again what was killed.
"""

import argparse
import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

from meshlab import CHECKMESH, ROOT, Webhooks, fail, wait_until

NODES = 5
ZONES = ("north", "east", "south")
#: Tried first, so that addresses are the same each time; where one is taken, any free one is.
SITE_PORT, HTTP_PORTS, MESH_PORTS = 8100, range(8101, 8106), range(7101, 7106)
#: A node leaves within five seconds of SIGTERM.
LEAVING = 8


def say(text=""):
    print(text, flush=True)


def tell(text):
    say(f"{time.strftime('%H:%M:%S')}  {text}")


def free_port(wanted):
    """`wanted` if nobody listens there, over TCP or UDP; otherwise one that the system names."""
    for port in (wanted, 0):
        with contextlib.ExitStack() as open_sockets, contextlib.suppress(OSError):
            stream = open_sockets.enter_context(socket.socket())
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            stream.bind(("127.0.0.1", port))
            port = stream.getsockname()[1]
            datagrams = open_sockets.enter_context(socket.socket(type=socket.SOCK_DGRAM))
            datagrams.bind(("127.0.0.1", port))
            return port
    fail("no port of 127.0.0.1 is free")


class Process:
    """Something that runs in the background, may be killed by anybody, and started again."""

    def __init__(self, name, command, log):
        self.name, self.command, self.log = name, command, log
        self.process = None
        self.start()

    def start(self):
        with open(self.log, "ab") as log:
            # A group of its own: Ctrl-C is for the demo, which then ends everything in order.
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=lambda: os.setpgid(0, 0))
        self.is_known_to_run = True

    def has_just_ended(self):
        if not self.is_known_to_run or self.process.poll() is None:
            return False
        self.is_known_to_run = False
        return True

    def ending(self):
        code = self.process.returncode
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit {code}"

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()

    def wait(self, until):
        try:
            self.process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def last_lines(self):
        with open(self.log, errors="replace") as log:
            return "".join(log.readlines()[-5:])


class Demo:
    def __init__(self, urls):
        self.folder = tempfile.mkdtemp(prefix="checkmesh-demo.")
        self.processes, self.nodes, self.site = [], [], None
        self.hooks = Webhooks()
        self.hooks.before_answer = self.hear
        #: Lines that wait for their turn: not amid what is explained, nor while the nodes leave.
        self.untold = []
        self.http = [free_port(port) for port in HTTP_PORTS]
        self.mesh = [free_port(port) for port in MESH_PORTS]
        self.site_port = free_port(SITE_PORT)
        self.config = os.path.join(self.folder, "mesh.json")
        with open(self.config, "w") as file:
            json.dump(self.configuration(urls), file, indent=2)

    def configuration(self, urls):
        checks = [{
            "name": "site", "type": "http", "url": f"http://127.0.0.1:{self.site_port}/",
            "must_contain": "works"}]
        for number, port in enumerate(self.http, 1):
            checks.append({
                "name": f"node-{number}", "type": "http", "url": f"http://127.0.0.1:{port}/livez"})
        for url in dict.fromkeys(urls):
            names = {check["name"] for check in checks}
            host = urllib.parse.urlsplit(url).netloc.rsplit("@")[-1]
            choices = [host] + [f"{host} {number}" for number in range(2, 1_000)]
            checks.append({
                "name": next(name for name in choices if name not in names), "type": "http",
                "url": url, "interval": "10s", "timeout": "5s"})
        return {
            "mesh": {"name": "demo", "secret": secrets.token_hex(32)},
            "http": {"title": "Checkmesh demo"},
            "defaults": {"interval": "1s", "timeout": "800ms", "confirmations": 3, "delay": 0},
            "checks": checks,
            "contacts": [{"name": "this-terminal", "type": "webhook", "url": self.hooks.url}],
            "alerts": [{"check": "*", "contact": "this-terminal"},
                       {"check": "mesh", "contact": "this-terminal"}]}

    def hear(self, body):
        """Stands for a chat or a pager: prints what a webhook says on one line."""
        what = f"{body['check']} is {body['state']}"
        if body.get("reason"):
            what += f": {body['reason']}"
        self.untold.append(
            f"{time.strftime('%H:%M:%S')}  TOLD  {what} (confirmed by "
            f"{', '.join(body['confirmed_by']) or 'nobody'}; sent by {body['sent_by']})")

    # Processes

    def run(self, name, *command):
        process = Process(name, command, os.path.join(self.folder, f"{name}.log"))
        self.processes.append(process)
        return process

    def start(self):
        directory = os.path.join(self.folder, "site")
        os.mkdir(directory)
        with open(os.path.join(directory, "index.html"), "w") as file:
            file.write("It works.\n")
        self.site = self.run(
            "site", sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "--directory",
            directory, str(self.site_port))
        peers = [word for port in self.mesh for word in ("--peer", f"127.0.0.1:{port}")]
        for number in range(NODES):
            self.nodes.append(self.run(
                f"node-{number + 1}", CHECKMESH, "--config", self.config, "run", "--name",
                f"node-{number + 1}", "--zone", ZONES[number % len(ZONES)], "--bind",
                f"127.0.0.1:{self.mesh[number]}", "--http", f"127.0.0.1:{self.http[number]}",
                "--data", os.path.join(self.folder, f"node-{number + 1}"), *peers))
        for node, port in zip(self.nodes, self.http):
            wait_until(
                lambda node=node, port=port: self.is_ready(node, port), 30,
                f"{node.name} to be ready")
        # Ready is not yet decided: the first looks are under way.
        wait_until(self.is_decided, 30, "the first states")

    def is_ready(self, node, port):
        if node.process.poll() is not None:
            fail(f"{node.name} has ended ({node.ending()}):\n{node.last_lines()}")
        return self.get(port, "/readyz") is not None

    def is_decided(self):
        status = self.get(self.http[0], "/api/v1/status")
        return status is not None and json.loads(status)["checks"]["unknown"] == 0

    @staticmethod
    def get(port, path):
        """What the node answers if that is good news, else None. Asked without urllib's proxies."""
        with contextlib.suppress(OSError, ValueError), \
                socket.create_connection(("127.0.0.1", port), 2) as connection:
            connection.sendall(
                f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
            answer = b""
            while part := connection.recv(65_536):
                answer += part
            head, body = answer.split(b"\r\n\r\n", 1)
            return body if head.split()[1] == b"200" else None
        return None

    def start_again(self):
        for process in self.processes:
            if process.process.poll() is not None:
                process.start()
                tell(f"{process.name} was started again: process {process.process.pid}")

    def stop(self):
        until = time.monotonic() + LEAVING
        for processes in (self.nodes, self.processes):
            for process in processes:
                process.end()
            for process in processes:
                process.wait(until)
        self.hooks.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # What is shown

    def explain(self):
        program = os.path.relpath(CHECKMESH, ROOT) if CHECKMESH.startswith(ROOT) else CHECKMESH
        last = f"--node 127.0.0.1:{self.http[-1]}"
        rows = [
            (f"kill {self.site.process.pid}", "the web server stops: several agree, one tells"),
            (f"kill -9 {self.nodes[2].process.pid}", "node-3 dies: the others take over"),
            (f"kill -USR1 {os.getpid()}", "starts again whatever you have killed"),
            (f"{program} checks {last}", "all checks, as node-5 knows them"),
            (f"{program} members {last}", "the nodes"),
            (f"{program} incidents {last}", "outages, and who confirmed them"),
            (f"{program} notifications {last}", "who was told of what"),
        ]
        width = max(len(command) for command, _ in rows)
        say("\nFive nodes in three zones are one mesh. Any of them answers for all of it:\n")
        for node, port in zip(self.nodes, self.http):
            say(f"  {node.name}  http://127.0.0.1:{port}/  process {node.process.pid}")
        say(f"\nTry, in another terminal, in {ROOT}:\n")
        for command, does in rows:
            say(f"  {command.ljust(width)}  {does}")
        say(f"\nConfiguration and logs are in {self.folder}. What the mesh tells appears below;"
            "\nCtrl-C stops everything.\n")


def main():
    parser = argparse.ArgumentParser(prog="scripts/demo", add_help=False, allow_abbrev=False)
    parser.add_argument("--seconds", type=int, default=0)
    parser.add_argument("urls", nargs="*")
    arguments = parser.parse_args()
    if arguments.seconds < 0:
        fail("--seconds takes a number from 1")
    for url in arguments.urls:
        if not url.startswith(("http://", "https://")):
            fail(f"expected a URL that begins with http:// or https://, found {url}")

    def stop(*_):
        # Once is enough: what follows must not be cut short.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    wants = {"again": False}
    signal.signal(signal.SIGUSR1, lambda *_: wants.update(again=True))
    demo = Demo(arguments.urls)
    try:
        demo.start()
        demo.explain()
        end = time.monotonic() + arguments.seconds if arguments.seconds else float("inf")
        while time.monotonic() < end:
            for process in demo.processes:
                if process.has_just_ended():
                    tell(f"{process.name} has ended: {process.ending()}")
            while demo.untold:
                say(demo.untold.pop(0))
            if wants["again"]:
                wants["again"] = False
                demo.start_again()
            time.sleep(0.1)
    except KeyboardInterrupt:
        pass
    finally:
        say("\nstopping")
        demo.stop()


if __name__ == "__main__":
    main()
