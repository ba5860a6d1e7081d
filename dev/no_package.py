"""The build backend of `pip install .`: it says how the function is run instead."""


def refuse(*arguments: object) -> None:
    raise SystemExit("Forecourt is not an installable package. Run it from its folder: make serve")


get_requires_for_build_wheel = get_requires_for_build_editable = get_requires_for_build_sdist = refuse
build_wheel = build_editable = build_sdist = refuse
