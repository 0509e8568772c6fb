"""A server on loopback under load: latency of /score with explanation, and memory over requests.

``python benchmarks/bench_serve.py [--requests N] [--parallel K]`` starts ``riskmodel serve`` with
the shipped models on a free port, sends N requests of one patient each (30 results, alternately
before the infusion and on day 5), K at a time, and prints percentiles, CPU seconds of the server
per request, and its resident memory as it goes. Linux only: it reads /proc.
"""

import argparse
import http.client
import json
import os
import queue
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

WARM = 100
ANALYTES = (("ferritin", 820, "ng/mL"), ("crp", 31, "mg/L"), ("ldh", 410, "U/L"),
            ("platelets", 96, "10*9/L"), ("fibrinogen", 310, "mg/dL"))  # fmt: skip


def body(k: int) -> bytes:
    """One patient; every request differs."""
    name = f"P{k}"
    labs = [
        {"patient_id": name, "hours_from_infusion": 24.0 * day - 2, "analyte": analyte,
         "value": value * (1 + 0.1 * day + 0.001 * (k % 97)), "unit": unit}
        for day in range(6)
        for analyte, value, unit in ANALYTES
    ]  # fmt: skip
    sent = {
        "patients": [{"patient_id": name, "product": "axi-cel", "disease": "LBCL",
                      "age_years": 40 + k % 40}],
        "labs": labs,
        "events": [{"patient_id": name, "event": "crs", "hours_from_infusion": 50, "grade": 1}],
        "at": "day-5" if k % 2 else "pre-infusion",
        "explain": True,
    }  # fmt: skip
    return json.dumps(sent).encode()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def memory(pid: int) -> float:
    """Resident memory in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def cpu(pid: int) -> float:
    """CPU seconds so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def client(port: int, waiting: "queue.Queue[int]", took: list[float]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    while True:
        try:
            k = waiting.get_nowait()
        except queue.Empty:
            return
        start = time.perf_counter()
        connection.request("POST", "/score", body(k), {"content-type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
        took.append(time.perf_counter() - start)
        if answer.status != 200:
            raise SystemExit(f"Request {k} was answered with {answer.status}: {content[:200]!r}")


def send(port: int, first: int, count: int, parallel: int) -> list[float]:
    """Send requests `first` to `first + count`, and return how long each took, in seconds."""
    waiting: queue.Queue[int] = queue.Queue()
    for k in range(first, first + count):
        waiting.put(k)
    took: list[float] = []
    threads = [threading.Thread(target=client, args=(port, waiting, took)) for _ in range(parallel)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(took) != count:
        raise SystemExit(f"{count - len(took)} of {count} requests were not answered.")
    return took


def wait(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("The server did not start within two minutes.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=2_000)
    parser.add_argument("--parallel", type=int, default=10)
    asked = parser.parse_args()
    port = free_port()
    command = [sys.executable, "-m", "riskmodel.cli", "serve", "--port", str(port)]
    # A run that is stopped takes its server with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait(port)
        alone = send(port, 0, WARM, 1)
        print(f"one at a time: median {1000 * statistics.median(alone):.0f} ms, "
              f"p95 {1000 * statistics.quantiles(alone, n=20)[-1]:.0f} ms")  # fmt: skip
        send(port, WARM, WARM, asked.parallel)
        used, start, everything = cpu(server.pid), memory(server.pid), []
        part = max(asked.requests // 10, 1)
        print(f"memory after {2 * WARM} requests: {start:.0f} MiB", flush=True)
        for k in range(10):
            took = send(port, 2 * WARM + k * part, part, asked.parallel)
            everything += took
            p95 = statistics.quantiles(took, n=20)[-1]
            held = memory(server.pid)
            print(
                f"{(k + 1) * part:>6} requests: p95 {p95:.2f} s, memory {held:.0f} MiB", flush=True
            )
        spent = (cpu(server.pid) - used) / len(everything)
        print(f"{len(everything)} requests, {asked.parallel} in parallel: median "
              f"{statistics.median(everything):.2f} s, p95 "
              f"{statistics.quantiles(everything, n=20)[-1]:.2f} s, "
              f"{1000 * spent:.0f} CPU ms a request, "
              f"memory {memory(server.pid) - start:+.0f} MiB")  # fmt: skip
    finally:
        server.terminate()
        server.wait(timeout=30)


if __name__ == "__main__":
    main()
