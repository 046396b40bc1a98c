"""A mesh of real processes on this machine, for the scripts that measure and try one: nodes, a
target that can be stopped, and a receiver of webhooks that notes when each arrived.

Everything listens on loopback addresses of its own (127.x.y.z), in temporary directories; only
processes that were started here are ended, by their ids. Standard library only.
"""

import contextlib
import http.client
import http.server
import json
import os
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CHECKMESH = os.environ.get("CHECKMESH", os.path.join(ROOT, ".build", "release", "checkmesh"))


def fail(text):
    sys.exit(f"{os.path.basename(sys.argv[0])}: {text}")


def wait_until(condition, seconds, what):
    """Waits for `condition()` to be true; ends the script if it is not within `seconds`."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            fail(f"waited {seconds} s for {what}")
        time.sleep(0.02)


def spread(values):
    """Median, least and largest, in words."""
    if not values:
        return "none"
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def cpu_seconds(pid):
    """What all threads of a process have spent so far, by the scheduler's own count: an idle node
    needs less in a minute than a tick of /proc/PID/stat."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
            total += int(file.read().split()[0])
    return total / 1e9


def memory(pid):
    """(RSS, private dirty) of a process in KiB."""
    rss = dirty = 0
    with open(f"/proc/{pid}/smaps_rollup") as file:
        for line in file:
            if line.startswith("Rss:"):
                rss = int(line.split()[1])
            elif line.startswith("Private_Dirty:"):
                dirty = int(line.split()[1])
    return rss, dirty


def families(metrics):
    """What a node's metrics are by family, samples of all labels summed."""
    sums = {}
    for name, value in metrics.items():
        family = name.split("{")[0]
        sums[family] = sums.get(family, 0) + value
    return sums


def enter_namespace(packages):
    """Starts the script anew in a network namespace of its own; goes on there, with loopback up.
    `packages` says for each program that it needs which package of Debian's has it."""
    if os.environ.get("CHECKMESH_NAMESPACE"):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    for program, package in {**packages, "unshare": "util-linux", "ip": "iproute2"}.items():
        if not shutil.which(program):
            fail(f"{program} is missing: apt-get install {package}")
    if not os.access(CHECKMESH, os.X_OK):
        fail(f"{CHECKMESH} is missing: build it with swift build -c release --static-swift-stdlib")
    environment = dict(os.environ, CHECKMESH_NAMESPACE="1", CHECKMESH=CHECKMESH)
    command = ["unshare", "-n", sys.executable, *sys.argv]
    if os.getuid() != 0:
        command = ["sudo", "--non-interactive", "--preserve-env", *command]
    os.execvpe(command[0], command, environment)


class Node:
    """One `checkmesh run`."""

    def __init__(self, mesh, number, zone):
        self.mesh, self.number, self.zone = mesh, number, zone
        self.name = f"n{number}"
        self.host = mesh.host(number)
        self.data = os.path.join(mesh.directory, self.name)
        self.log = os.path.join(mesh.directory, self.name + ".log")
        self.process = None
        self.prefix = []

    def start(self):
        peers = [n.host for n in self.mesh.nodes if n is not self][:3]
        command = self.prefix + [
            CHECKMESH, "--config", self.mesh.config, "run", "--name", self.name, "--zone", self.zone,
            "--bind", f"{self.host}:7946", "--http", f"{self.host}:8080", "--data", self.data,
        ]
        for peer in peers:
            command += ["--peer", f"{peer}:7946"]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=lambda: os.setpgid(0, 0))

    def signal(self, number):
        if self.process and self.process.poll() is None:
            os.kill(self.process.pid, number)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait()

    def terminate(self, seconds=8):
        """Leaves the mesh; returns the exit status."""
        self.signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def get(self, path, timeout=3):
        """The JSON (or text) that the node answers, or None if it does not."""
        connection = http.client.HTTPConnection(self.host, 8080, timeout=timeout)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            body = response.read()
            if response.status != 200:
                return None
            if "json" in response.getheader("Content-Type", ""):
                return json.loads(body)
            return body.decode()
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()

    def check(self, name):
        return self.get("/api/v1/checks/" + name)

    def metrics(self, timeout=3):
        """{name{labels}: value} of every sample, or None if it does not answer."""
        text = self.get("/metrics", timeout)
        if not isinstance(text, str):
            return None
        samples = (line.rsplit(" ", 1) for line in text.splitlines() if line and line[0] != "#")
        return {name: float(value) for name, value in samples}

    def is_ready(self):
        return self.get("/readyz") is not None

    def cpu_seconds(self):
        return cpu_seconds(self.process.pid)

    def memory(self):
        return memory(self.process.pid)


class Mesh:
    """Some nodes with one configuration. To be used as a context: its end ends them all."""

    def __init__(self, count, zones=3, checks=(), contacts=(), alerts=(), **settings):
        if not os.access(CHECKMESH, os.X_OK):
            fail(f"{CHECKMESH} is missing: build it with swift build -c release --static-swift-stdlib")
        self.directory = tempfile.mkdtemp(prefix="checkmesh-")
        self.prefix = f"127.{random.randint(16, 250)}.{random.randint(0, 250)}"
        self.config = os.path.join(self.directory, "mesh.json")
        self.document = {
            "mesh": {"name": "lab", "secret": "0123456789abcdef0123456789abcdef"},
            "checks": list(checks), "contacts": list(contacts), "alerts": list(alerts),
        }
        self.document.update(settings)
        self.write()
        self.nodes = [Node(self, i + 1, f"z{i % zones + 1}") for i in range(count)]

    def host(self, number):
        return f"{self.prefix}.{number}"

    def write(self):
        with open(self.config, "w") as file:
            json.dump(self.document, file, indent=1)

    def add(self, zone="z1"):
        node = Node(self, len(self.nodes) + 1, zone)
        self.nodes.append(node)
        return node

    def start(self, seconds=30):
        for node in self.nodes:
            node.start()
        self.wait_ready(seconds)

    def wait_ready(self, seconds=30):
        for node in self.nodes:
            wait_until(node.is_ready, seconds, f"{node.name} to be ready; see {node.log}")

    def line_counts(self):
        """How long each node's log is now, for `lines_since`."""
        counts = {}
        for node in self.nodes:
            with open(node.log) as file:
                counts[node.name] = len(file.read().splitlines())
        return counts

    def lines_since(self, counts, pattern):
        """What the nodes have logged since then that matches a regular expression."""
        found = []
        for node in self.nodes:
            with open(node.log) as file:
                lines = file.read().splitlines()[counts[node.name]:]
            found += [f"{node.name}: {line}" for line in lines if re.search(pattern, line)]
        return found

    def living(self):
        return [n for n in self.nodes if n.process and n.process.poll() is None]

    def wait_state(self, check, state, seconds=30):
        """Until every living node shows `check` in `state`."""
        for node in self.living():
            wait_until(
                lambda: (node.check(check) or {}).get("state") == state, seconds,
                f"{node.name} to show {check} {state}")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        for node in self.nodes:
            if node.process and node.process.poll() is None:
                node.signal(signal.SIGCONT)
                node.kill()
        if kind is None or kind is SystemExit and not os.environ.get("KEEP"):
            shutil.rmtree(self.directory, ignore_errors=True)
        else:
            print(f"logs are in {self.directory}", file=sys.stderr)


class Webhooks:
    """Receives webhooks and notes them: `received` is a list of (monotonic time, headers, body)."""

    def __init__(self, host="127.0.0.1"):
        self.received, self.lock = [], threading.Lock()
        #: Called with each body before it is answered: may wait, raise SystemExit to hang up, or
        #: return a status.
        self.before_answer = None
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with outer.lock:
                    outer.received.append((time.monotonic(), dict(self.headers), body))
                status = 200
                if outer.before_answer:
                    status = outer.before_answer(body) or 200
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 1024

        self.server = Server((host, 0), Handler)
        self.url = f"http://{host}:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def taken(self, since=0, check=None, kind=None):
        with self.lock:
            return [
                r for r in self.received
                if r[0] >= since and (check is None or r[2].get("check") == check)
                and (kind is None or r[2].get("kind") == kind)]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Nginx:
    """A web server that can be stopped and started again at once on one address. A `log` gets a
    line, `path time`, for each request."""

    def __init__(self, host, port=8090, log=None):
        self.host, self.port = host, port
        self.url = f"http://{host}:{port}/"
        self.directory = tempfile.mkdtemp(prefix="checkmesh-nginx-")
        self.process = None
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        if not os.access(program, os.X_OK):
            fail("nginx is missing: apt-get install nginx-light")
        self.command = [program, "-p", self.directory, "-c", "nginx.conf", "-e", "stderr"]
        with open(os.path.join(self.directory, "nginx.conf"), "w") as file:
            file.write(
                f"daemon off; master_process off; pid nginx.pid;\n"
                f"events {{ worker_connections 4096; }}\n"
                f"http {{ log_format looks '$uri $msec';\n"
                f"  access_log {log + ' looks buffer=64k flush=1s' if log else 'off'};\n"
                f"  client_body_temp_path t; proxy_temp_path t;\n"
                f"  fastcgi_temp_path t; uwsgi_temp_path t; scgi_temp_path t;\n"
                f"  server {{ listen {host}:{port} backlog=4096; location / {{ return 200 'ok'; }} }} }}\n")

    def start(self):
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

        def answers():
            with contextlib.suppress(OSError):
                socket.create_connection((self.host, self.port), 0.2).close()
                return True
        wait_until(answers, 5, "nginx to listen")

    def stop(self):
        """Ends it at once and returns when: from here on connections are refused."""
        if self.process:
            os.kill(self.process.pid, signal.SIGKILL)
            began = time.monotonic()
            self.process.wait()
            self.process = None
            return began

    def close(self):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
