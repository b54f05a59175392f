import glob
import os
import shutil


def load(recipe, path):
    with open(path) as file:
        return file.read()


def copy(recipe, pattern, src, dst):
    """As Conan: * also matches what lies deeper."""
    for path in glob.glob(os.path.join(src, pattern), recursive=True):
        to = os.path.join(dst, os.path.relpath(path, src))
        os.makedirs(os.path.dirname(to), exist_ok=True)
        if os.path.isdir(path):
            shutil.copytree(path, to, dirs_exist_ok=True)
        else:
            shutil.copy2(path, to)
