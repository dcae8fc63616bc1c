"""Checks files with what the controller knows, and stores nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from telegraf_controller.cli.config_files import Document, Refusal
from telegraf_controller.cli.config_plan import problems_of
from telegraf_controller.client import ControllerClient
from telegraf_controller.client.records import Problem


class Checked(msgspec.Struct, rename="camel"):
    """What is wrong with a file; `name` is that of its configuration, None when the file cannot be read."""

    file: str
    name: str | None
    problems: list[Problem]

    def is_bad(self, *, strict: bool) -> bool:
        """Tell whether there are errors, or with `strict` warnings."""
        severities = ("error", "warning") if strict else ("error",)
        return any(problem.severity in severities for problem in self.problems)

    def lines(self) -> Iterator[str]:
        """Write each problem the way compilers do."""
        for problem in self.problems:
            yield str(Refusal(self.file, f"{problem.severity}: {problem.message}", problem.line, problem.column))


def check_documents(
    client: ControllerClient, documents: Sequence[Document], refusals: Sequence[Refusal], constants: set[str]
) -> Iterator[Checked]:
    """Check documents; `constants` count as defined. What cannot be read is one more error. Raises ClientError."""
    for refusal in refusals:
        yield Checked(refusal.source, None, [Problem(severity="error", code="unusable_file", message=refusal.message)])
    for document in documents:
        yield Checked(document.source, document.name, problems_of(client, document, constants))
