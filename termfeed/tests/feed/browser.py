"""A browser, driven by chromedriver over its own protocol (W3C WebDriver, plain HTTP)."""

import base64
import contextlib
import json
import os
import pathlib
import re
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {"tab": "\ue004", "escape": "\ue00c", "enter": "\ue007"}
# Root may not use the sandbox; and nothing is fetched that the page did not ask for.
ARGUMENTS = [
    "--headless=new", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
    "--hide-scrollbars", "--window-size=1240,1400",
] + (["--no-sandbox"] if os.geteuid() == 0 else [])


@contextlib.contextmanager
def browser(folder):
    """Starts chromedriver on a free port, and a browser with a profile of its own."""
    with tempfile.TemporaryDirectory(dir=folder) as profile, \
            open(folder / "chromedriver.log", "w") as log:
        driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            for line in driver.stdout:
                if port := re.search(r"successfully on port (\d+)", line):
                    break
            else:
                raise SystemExit("chromedriver did not start")
            page = Page(f"http://127.0.0.1:{port[1]}", profile)
            try:
                yield page
            finally:
                page.call("DELETE", "")
        finally:
            driver.terminate()
            driver.wait()


class Page:
    def __init__(self, address, profile):
        self.session = address
        options = {"args": ARGUMENTS + [f"--user-data-dir={profile}"]}
        wanted = {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options,
                                  "goog:loggingPrefs": {"browser": "ALL"}}}
        answer = self.call("POST", "/session", {"capabilities": wanted})
        self.session += "/session/" + answer["sessionId"]

    def call(self, method, path, body=None):
        data = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(self.session + path, data, method=method,
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"]) from None

    def open(self, url):
        self.call("POST", "/url", {"url": url})

    def run(self, script, *values):
        return self.call("POST", "/execute/sync", {"script": "return " + script, "args": list(values)})

    def find(self, selector):
        return self.call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector):
        self.call("POST", f"/element/{self.find(selector)}/click")

    def type(self, selector, text):
        self.call("POST", f"/element/{self.find(selector)}/value", {"text": text})

    def press(self, key):
        key = KEYS.get(key, key)
        actions = [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def text(self, selector):
        return self.run("document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def texts(self, selector):
        return self.run("[...document.querySelectorAll(arguments[0])].map((each) => each.innerText)", selector)

    def until(self, script, *values, seconds=20):
        """Waits until the script's value is true."""
        end = time.monotonic() + seconds
        while not (value := self.run(script, *values)):
            if time.monotonic() > end:
                raise AssertionError(f"waited {seconds} s in vain for: {script}")
            time.sleep(0.1)
        return value

    def emulate(self, command, **values):
        self.call("POST", "/goog/cdp/execute", {"cmd": f"Emulation.{command}", "params": values})

    def scheme(self, scheme):
        self.emulate("setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def width(self, width, height):
        self.emulate("setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def errors(self):
        """What the browser has complained of since the last time."""
        log = self.call("POST", "/se/log", {"type": "browser"})
        return [line["message"] for line in log if line["level"] in ("SEVERE", "WARNING")]

    def picture(self, path):
        pathlib.Path(path).write_bytes(base64.b64decode(self.call("GET", "/screenshot")))
