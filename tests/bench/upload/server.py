"""The sink as a run uses it."""

import json
import subprocess
import urllib.request


class Server:
    """upload_sink, which ends with this object: on leaving its `with`, or with the program."""

    def __init__(self, programs, access_key, secret_key, processor):
        command = [str(programs / "upload_sink"), "--access-key", access_key, "--secret-key", secret_key]
        if processor is not None:
            command += ["--processor", str(processor)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        told = json.loads(self.process.stdout.readline())
        self.http, self.https, self.ca_file = told["http"], told["https"], told["ca_file"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def endpoint(self, scheme):
        return f"{scheme}://127.0.0.1:{self.https if scheme == 'https' else self.http}"

    def _ask(self, method, path):
        request = urllib.request.Request(self.endpoint("http") + path, method=method, data=b"" if method == "POST" else None)
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.read().decode()

    def begin(self, mode):
        """Forgets everything, and goes on in this mode ("shaped", "faulty&seed=7")."""
        self._ask("POST", "/_reset")
        self._ask("POST", f"/_mode?mode={mode}")

    def counters(self):
        return json.loads(self._ask("GET", "/_counters"))

    def report(self):
        return json.loads(self._ask("GET", "/_report"))
