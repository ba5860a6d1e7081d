"""Renders the drawn car as a photo would show it, with Blender's path tracer: run by docs.samples in an environment that has bpy.

The surroundings are a 360 degree photograph that comes with Blender (studiolights/world/city.exr, portland_landing_pad by Greg Zaal, Poly Haven, CC0).

    python -m docs.scene FOLDER NAME SHOT         SHOT as JSON, see docs.samples
"""
import json
import math
import sys
from pathlib import Path
from typing import Any

import bpy
import numpy as np

SHEET_LOW, SHEET_HIGH = np.array([-2.4, -1.0]), np.array([2.4, 1.7])  # metres, as in tests.drawn.livery
WHEEL, BLACK = 4, 6  # skins without a clear coat
SAMPLES = 32         # a pixel, before denoising
SIZE = (1200, 800)   # width, height
LENS, TILT = 53, 6.6  # mm on 36 mm, degrees downwards


def main() -> None:
    folder, name, shot = Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
    bpy.ops.wm.read_factory_settings(use_empty=True)
    for colour, position, heading in shot["cars"]:
        stand(folder, colour, position, heading)
    asphalt()
    surroundings(shot["turn"])
    camera(shot["pan"])
    render(folder / f"{name}.png")


def stand(folder: Path, colour: str, position: list[float], heading: float) -> None:
    """The car in one colour at (x, y) in metres, turned by `heading` degrees."""
    car = np.load(folder / "car.npz")
    points, numbers = np.unique(np.round(car["corners"].reshape(-1, 3), 5), axis=0, return_inverse=True)
    faces, uvs, normals, skins = [], [], [], []
    for quad, uv, normal, skin in zip(numbers.reshape(-1, 4), car["uv"], car["normals"], car["skin"]):
        corners = [corner for corner in range(4) if quad[corner] not in quad[:corner]]
        if len(corners) < 3:
            continue
        first, second, third = points[quad[corners[:3]]]
        if np.cross(second - first, third - first) @ normal.mean(0) < 0:  # seen from outside, anticlockwise
            corners.reverse()
        faces.append(quad[corners].tolist())
        uvs.append((uv[corners] - SHEET_LOW) / (SHEET_HIGH - SHEET_LOW) * [1, -1] + [0, 1])  # a sheet's first row is on top
        normals.append(normal[corners])
        skins.append(int(skin))
    mesh = bpy.data.meshes.new("car")
    mesh.from_pydata(points.tolist(), [], faces)
    mesh.uv_layers.new().data.foreach_set("uv", np.concatenate(uvs).ravel())
    for skin in range(7):
        mesh.materials.append(paint(folder, colour, skin))
    mesh.polygons.foreach_set("material_index", skins)
    mesh.polygons.foreach_set("use_smooth", [True] * len(faces))
    flat = np.concatenate(normals)
    mesh.normals_split_custom_set((flat / np.linalg.norm(flat, axis=1, keepdims=True).clip(1e-9)).tolist())
    thing = bpy.data.objects.new("car", mesh)
    thing.location, thing.rotation_euler = (*position, 0), (0, 0, math.radians(heading))
    bpy.context.scene.collection.objects.link(thing)


def paint(folder: Path, colour: str, skin: int) -> Any:
    """A sheet's colours; its reflectance (0..255) decides on clear coat, roughness and metal."""
    material, tree, surface = shader("paint")
    image, reflectance = (tree.nodes.new("ShaderNodeTexImage") for _ in range(2))
    image.image = bpy.data.images.load(str(folder / f"{colour}-{skin}.png"))
    reflectance.image = bpy.data.images.load(str(folder / f"{colour}-{skin}-reflectance.png"))
    reflectance.image.colorspace_settings.name = "Non-Color"
    tree.links.new(image.outputs[0], surface.inputs["Base Color"])

    def mapped(name: str, low: float, high: float, at_low: float, at_high: float) -> None:
        ramp = tree.nodes.new("ShaderNodeMapRange")
        for place, value in zip(range(1, 5), (low / 255, high / 255, at_low, at_high)):
            ramp.inputs[place].default_value = value
        tree.links.new(reflectance.outputs[0], ramp.inputs[0])
        tree.links.new(ramp.outputs[0], surface.inputs[name])

    mapped("Roughness", 2, 14, 0.75, 0.28)
    if skin in (WHEEL, BLACK):
        mapped("Metallic", 20, 35, 0, 0.85)
    else:
        mapped("Coat Weight", 8, 15, 0, 1)
        mapped("Metallic", 60, 110, 0, 1)
        surface.inputs["Coat Roughness"].default_value = 0.02
    return material


def asphalt() -> None:
    bpy.ops.mesh.primitive_plane_add(size=60, location=(0, 20, 0))
    material, tree, surface = shader("asphalt")
    where, grain, patches = (tree.nodes.new(f"ShaderNode{kind}") for kind in ("TexCoord", "TexNoise", "TexNoise"))
    for noise, scale, detail in ((grain, 90, 8), (patches, 0.9, 5)):
        noise.inputs["Scale"].default_value, noise.inputs["Detail"].default_value = scale, detail
        tree.links.new(where.outputs["Object"], noise.inputs["Vector"])
    mix, ramp, bump = (tree.nodes.new(f"ShaderNode{kind}") for kind in ("Mix", "ValToRGB", "Bump"))
    mix.inputs[0].default_value = 0.35
    for (low, tone), element in zip(((0.3, 0.02), (0.75, 0.12)), ramp.color_ramp.elements):
        element.position, element.color = low, (tone, tone, tone, 1)
    bump.inputs["Strength"].default_value, bump.inputs["Distance"].default_value = 0.35, 0.01
    surface.inputs["Roughness"].default_value = 0.75
    for start, end in ((grain.outputs[0], mix.inputs[2]), (patches.outputs[0], mix.inputs[3]), (mix.outputs[0], ramp.inputs[0]),
                       (ramp.outputs[0], surface.inputs["Base Color"]), (grain.outputs[0], bump.inputs["Height"]), (bump.outputs[0], surface.inputs["Normal"])):
        tree.links.new(start, end)
    bpy.context.object.data.materials.append(material)


def shader(name: str) -> tuple[Any, Any, Any]:
    """A new material, its tree of nodes, and its surface."""
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    return material, material.node_tree, material.node_tree.nodes["Principled BSDF"]


def surroundings(turn: float) -> None:
    world = bpy.context.scene.world = bpy.data.worlds.new("city")
    world.use_nodes = True
    tree = world.node_tree
    where, mapping, photograph = (tree.nodes.new(f"ShaderNode{kind}") for kind in ("TexCoord", "Mapping", "TexEnvironment"))
    photograph.image = bpy.data.images.load(bpy.utils.resource_path("LOCAL") + "/datafiles/studiolights/world/city.exr")
    mapping.inputs["Rotation"].default_value = (0, 0, math.radians(turn))
    for start, end in ((where.outputs["Generated"], mapping.inputs[0]), (mapping.outputs[0], photograph.inputs[0]),
                       (photograph.outputs[0], tree.nodes["Background"].inputs[0])):
        tree.links.new(start, end)


def camera(pan: float) -> None:
    """At the height of an eye, 7 m before the car, which alone is sharp."""
    lens = bpy.data.cameras.new("camera")
    lens.lens, lens.dof.use_dof, lens.dof.focus_distance, lens.dof.aperture_fstop = LENS, True, 7.2, 4
    thing = bpy.context.scene.camera = bpy.data.objects.new("camera", lens)
    thing.location, thing.rotation_euler = (0, 0, 1.5), (math.radians(90 - TILT), 0, math.radians(pan))
    bpy.context.scene.collection.objects.link(thing)


def render(path: Path) -> None:
    scene = bpy.context.scene
    scene.render.engine, scene.cycles.samples, scene.cycles.use_denoising = "CYCLES", SAMPLES, True
    scene.view_settings.view_transform, scene.view_settings.look, scene.view_settings.exposure = "AgX", "AgX - High Contrast", 0.1
    scene.render.resolution_x, scene.render.resolution_y = SIZE
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)


if __name__ == "__main__":
    main()
