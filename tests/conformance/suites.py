"""Runs the conformance suites against a server and says what they found.

    suites.py SERVER DIRECTORY      DIRECTORY holds NAME.key, the secret key of each suite's account

Prints the counts of each suite and every check that did not pass. Exit: 0 when nothing failed that known-deviations.txt does not
explain, and everything it explains does fail; 1 otherwise.
"""

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
OPENAPI = "/scim/openapi.json"
# Bounds on the generated requests: cases an operation of the API, and the length of the whole run.
EXAMPLES = 25
MAX_SECONDS = 60
SEED = 20251124
# Left out are those that take a document's types for the whole truth (a filter and a path have a grammar that JSON Schema cannot
# say), and those that show wrong keys by the dozen (the throttle answers 429, as it should). Other tests hold the binary to these.
CHECKS = [
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "use_after_free", "ensure_resource_availability", "unsupported_method",
]


class Findings:
    """What failed, and which known deviations were met."""

    def __init__(self):
        lines = (HERE / "known-deviations.txt").read_text().splitlines()
        self.known = [line.split(": ", 2) for line in lines if line and not line.startswith("#")]
        self.met = set()
        self.failed = []

    def add(self, check, said):
        for number, (name, part, _why) in enumerate(self.known):
            if name == check and part in said:
                self.met.add(number)
                print(f"  known deviation: {check}: {said}")
                return
        self.failed.append(f"{check}: {said}")
        print(f"  FAILED {check}: {said}")

    def close(self):
        for number, (name, part, _why) in enumerate(self.known):
            if number not in self.met:
                self.failed.append(name)
                print(f"FAILED: known-deviations.txt says that '{name}: {part}' fails; it did not")
        return 1 if self.failed else 0


def run(module, arguments, environment=None, entry="main"):
    """Runs a suite in this interpreter's environment, in the scratch directory, where some keep a cache: all it printed."""
    code = f"import sys; from {module} import {entry}; sys.exit({entry}())"
    finished = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "160", **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        cwd=sys.argv[2],
    )
    return finished.returncode, finished.stdout


def count(words):
    found = {}
    for word in words:
        found[word] = found.get(word, 0) + 1
    return ", ".join(f"{number} {word.lower()}" for word, number in sorted(found.items()))


def scim2_tester(server, key, findings):
    """Each result is a line "STATUS check", then indented lines of reasons."""
    code, text = run("scim2_cli", ["--url", f"{server}/scim", "test"], {"SCIM_CLI_HEADERS": f"Authorization: Bearer {key}"}, "cli")
    results = re.findall(r"^([A-Z]+) (\S+)\n((?:(?![A-Z]+ ).*\n?)*)", text, re.MULTILINE)
    print(f"scim2-tester: {len(results)} checks: {count(status for status, _, _ in results)}")
    for status, check, reason in results:
        said = " ".join(reason.split())
        if status in ("ERROR", "CRITICAL", "DEVIATION"):
            findings.add(f"scim2-tester {check}", said)
        elif status == "SKIPPED":
            print(f"  skipped {check}: {said}")
    if len(results) < 100:
        findings.add("scim2-tester", f"it did not run to its end (exit {code}): {text[-2000:]}")


def scim_sanity(server, key, findings):
    code, text = run(
        "scim_sanity.cli",
        ["probe", f"{server}/scim", "--token", key, "--profile", "entra", "--strict", "--json-output", "--i-accept-side-effects"],
    )
    try:
        results = json.loads(text[text.index("{") :])["results"]
    except (ValueError, KeyError):
        findings.add("scim-sanity", f"it did not run to its end (exit {code}): {text[-2000:]}")
        return
    print(f"scim-sanity: {len(results)} checks: {count(result['status'] for result in results)}")
    for result in results:
        if result["status"].upper() not in ("PASS", "SKIP"):
            findings.add(f"scim-sanity {result['name']}", result.get("message") or "")
    if sum(result["status"].upper() == "PASS" for result in results) < 20:
        findings.add("scim-sanity", "fewer than 20 checks passed")


def schemathesis(server, key, findings):
    """Every answer is one the OpenAPI document describes, whatever nearly right request it is to; none is 5xx."""
    document = urllib.request.Request(server + OPENAPI, headers={"Authorization": f"Bearer {key}"})
    try:
        urllib.request.urlopen(document).close()
    except urllib.error.HTTPError as error:
        print(f"left out: schemathesis: {OPENAPI} is answered with {error.code}")
        return
    code, text = run(
        "schemathesis.cli",
        [
            "run", server + OPENAPI, "--url", server + "/scim", "--exclude-path-regex", "^/api/", "--header", f"Authorization:Bearer {key}",
            "--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing", "--max-examples", str(EXAMPLES),
            "--max-time", str(MAX_SECONDS), "--seed", str(SEED), "--suppress-health-check", "all", "--warnings", "off",
            "--continue-on-failure",
        ],
        entry="schemathesis",
    )
    selected = re.search(r"Selected: (\d+)/(\d+)", text)
    cases = re.search(r"(\d+ generated,.*)", text)
    if not selected or not cases:
        findings.add("schemathesis", f"it did not run to its end (exit {code}): {text[-2000:]}")
        return
    print(f"schemathesis: {selected[1]} of {selected[2]} operations: {cases[1].strip()}")
    if code != 0:
        findings.add("schemathesis", f"exit {code}: {text[-6000:]}")


def main():
    server, directory = sys.argv[1], Path(sys.argv[2])
    key = lambda suite: (directory / f"{suite}.key").read_text().strip()
    findings = Findings()
    scim2_tester(server, key("tester"), findings)
    scim_sanity(server, key("sanity"), findings)
    schemathesis(server, key("schemathesis"), findings)
    sys.exit(findings.close())


if __name__ == "__main__":
    main()
