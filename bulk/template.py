"""Prints bulk/template.json, which tells Dataflow the parameters of the Flex template.

    .venv-test/bin/python -m bulk.template > bulk/template.json        after an option was added or its help has changed

Source: https://cloud.google.com/dataflow/docs/guides/templates/configuring-flex-templates#metadata
"""
import json

from bulk.arguments import command_line

BUCKET = "^gs://[^\\n\\r]+$"  # a template has no local folders


def metadata() -> dict[str, object]:
    """The options of the command that take a value; a switch, such as --force, can't be a parameter."""
    options = [action for action in command_line()._actions if action.option_strings and action.nargs != 0]  # argparse has no public list of them
    parameters: list[dict[str, object]] = [
        {"name": option.dest, "label": option.dest, "helpText": (option.help or "").replace("%%", "%"), "isOptional": not option.required}
        | ({"regexes": [BUCKET]} if option.required or option.metavar == "FILE" else {}) for option in options]
    image = {"name": "sdk_container_image", "label": "sdk_container_image", "helpText": "the workers' image: the template's own", "isOptional": True}
    return {"name": "Forecourt", "description": "Cuts the car out of every photo of a bucket.", "streaming": False, "parameters": [*parameters, image]}


if __name__ == "__main__":
    print(json.dumps(metadata(), indent=2, ensure_ascii=False))
