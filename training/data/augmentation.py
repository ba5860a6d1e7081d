"""How often training samples show what: the probabilities of the augmentation."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Augmentation:
    """Probabilities, 0 to 1, of all samples where nothing else is said. Samples that are neither photos nor empty scenes are composites."""

    photo: float = 0.5
    empty_scene: float = 0.06     # scenes without a car
    photo_neighbour: float = 0.35  # of photos: another vehicle behind their car
    neighbours: tuple[float, float, float] = (0.3, 0.45, 0.25)  # of composites: none, one or two other vehicles
    neighbour_from_photo: float = 0.5  # of neighbours: the car of another photo
    same_car: float = 0.15        # of a composite's neighbours: the subject once more
    copy_paste: float = 0.15      # of composites: the subject is the car of a photo (Ghiasi et al. 2021, arXiv 2012.07177)
    recolour: float = 0.5         # of cut-outs and pasted cars: another paint
    pattern: float = 0.12         # of these: a livery
    stretch: float = 0.15         # of these: a longer or shorter middle
    load: float = 0.12            # of these: something that they carry
    open_panel: float = 0.06      # of these: a door or lid open
    aerial: float = 0.25          # of photos and cut-outs: an aerial or roof rails added
    mirror: float = 0.12          # of photos and cut-outs: a mirror added
    fill_frame: float = 0.8       # of composites in fine frames: the car fills the frame
    distant: float = 0.05         # of composites in coarse frames: the car is small
    occluder: float = 0.2        # of photos and composites: people or objects in front of the car; of composites as many behind it
    studio: float = 0.12          # of composites and empty scenes: in a studio
    haze: float = 0.1             # of composites: the ground washed out
    lens: float = 0.1             # of composites: through a lens that distorts
    background_lines: float = 0.12  # posts and wires behind the car
    reflection: float = 0.12      # paint that reflects its surroundings
    plate: float = 0.15           # a hidden number plate
    watermark: float = 0.08
    night: float = 0.06
    light_only: float = 0.5       # only the light changes; else also blur, noise, saturation and compression
    light_strength: float = 0.12  # no probability: standard deviation of the light's change in these (camera.relight)


STRONG = Augmentation()
# For the end of a training, as detectors are trained without mosaics then (YOLOX, Ge et al. 2021, arXiv 2107.08430).
FINETUNE = Augmentation(photo=0.58, empty_scene=0.04, photo_neighbour=0.25, recolour=0.25, pattern=0.03, stretch=0.04, load=0.05, open_panel=0.03, aerial=0.1,
                        mirror=0.05, occluder=0.15, studio=0.08, distant=0.03, haze=0.03, lens=0.03, background_lines=0.04, reflection=0.04, plate=0.08,
                        watermark=0.03, night=0.01, light_only=0.85, light_strength=0.08)
