"""A run's log.csv with a row a checkpoint, and curve.png drawn from it."""
import csv
from pathlib import Path

COLUMNS = ("minutes", "samples", "scale", "rate", "loss", "iou", "boundary_iou", "publishable")


class RunLog:
    def __init__(self, folder: Path, resumed: bool):
        self.path, self.picture = folder / "log.csv", folder / "curve.png"
        if not (resumed and self.path.exists()):
            self.path.write_text(",".join(COLUMNS) + "\n")

    def add(self, **row: float) -> None:
        with self.path.open("a", newline="") as file:
            csv.writer(file).writerow([f"{row[key]:.6g}" for key in COLUMNS])
        self.draw()

    def draw(self) -> None:
        from matplotlib.figure import Figure

        with self.path.open() as file:
            rows = list(csv.DictReader(file))
        minutes = [float(row["minutes"]) for row in rows]
        figure = Figure((8, 4.5), layout="constrained")
        left = figure.subplots()
        right = left.twinx()
        left.plot(minutes, [float(row["loss"]) for row in rows], "o-", color="tab:grey", label="loss")
        for key in COLUMNS[-3:]:
            right.plot(minutes, [float(row[key]) for row in rows], "o-", label=key)
        left.set(xlabel="minutes", ylabel="training loss")
        right.set(ylabel="validation", ylim=(None, 1))
        figure.legend(loc="outside lower center", ncols=4)
        figure.savefig(self.picture, dpi=120)
