# SPDX-License-Identifier: BSD-3-Clause
"""Certificates for a test, made by the lines of docs/tls.md."""

import os
import re
import subprocess

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "tls.md")


def blocks(language):
    with open(PAGE, encoding="utf-8") as page:
        return re.findall(rf"^```{language}\n(.*?)^```$", page.read(), re.MULTILINE | re.DOTALL)


def make(folder):
    """ca.crt, server.crt and client.crt with their keys, in the folder."""
    for block in blocks("sh"):
        if "openssl req" in block:
            subprocess.run(["sh", "-e", "-c", block], cwd=folder, check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
