# SPDX-License-Identifier: BSD-2-Clause
"""As much of the template language Tempita as the kernel's header generators use.

Current distributions do not carry Tempita any more. Here a template becomes a Python function:
{{if X}}, {{for X in Y}}, {{else}} and their ends open and close blocks, {{py: X}} is a statement,
{{X}} is an expression whose value is inserted.
"""

import re


class Template:
    def __init__(self, text):
        lines, depth = [], 0

        def emit(line):
            lines.append("    " * depth + line)

        for i, part in enumerate(re.split(r"\{\{(.*?)\}\}", text, flags=re.DOTALL)):
            if i % 2 == 0:
                emit("_write(%r)" % part)
                continue
            part = part.strip()
            if part.startswith(("if ", "for ")):
                emit(part + ":")
                depth += 1
            elif part == "else":
                depth -= 1
                emit("else:")
                depth += 1
            elif part in ("endif", "endfor"):
                depth -= 1
            elif part.startswith("py:"):
                emit(part[3:].strip())
            else:
                emit("_write(str(%s))" % part)
        self._code = compile("\n".join(lines), "template", "exec")

    def substitute(self, **names):
        parts = []
        exec(self._code, dict(names, _write=parts.append))
        return "".join(parts)
