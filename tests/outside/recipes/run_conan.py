"""The recipe's steps without Conan, in the order of `conan create`, on stubs of what it calls: run_conan.py <source> <work>."""

import importlib.util
import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

source, work = (os.path.abspath(path) for path in sys.argv[1:])
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(source, "tests", "outside", "recipes", "conan_stub"))
from conan import Options  # noqa: E402

shutil.rmtree(work, ignore_errors=True)
settings = SimpleNamespace(os="Linux", arch="x86_64", compiler="gcc", cppstd="20", build_type="Release")


def recipe_of(folder, name):
    specification = importlib.util.spec_from_file_location(name, os.path.join(folder, "conanfile.py"))
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


folder = os.path.join(source, "autodiff", "packaging", "conan")
recipe = recipe_of(folder, "wengert_recipe").Wengert()
recipe.recipe_folder = folder
recipe.set_version()
recipe.export_sources_folder = recipe.source_folder = os.path.join(work, "source")
recipe.build_folder, recipe.package_folder = os.path.join(work, "build"), os.path.join(work, "package")
recipe.export_sources()
recipe.settings, recipe.options = settings, Options(recipe.default_options)
for step in ("config_options", "configure", "layout", "validate", "requirements", "generate", "build", "package", "package_info"):
    getattr(recipe, step)()

# What it says of itself is there.
builddirs = [os.path.join(recipe.package_folder, path) for path in recipe.cpp_info.builddirs]
for path in builddirs + [os.path.join(recipe.package_folder, "licenses", "LICENSE")]:
    assert os.path.exists(path), path
libraries = ["lib%s.a" % library for component in recipe.cpp_info.components.values() for library in component.libs]
packaged = [name for name in os.listdir(os.path.join(recipe.package_folder, "lib")) if name.endswith(".a")]
assert sorted(libraries) == sorted(packaged), packaged
for component in recipe.cpp_info.components.values():
    for other in component.requires:
        package = other.split("::")[0]
        assert other in recipe.cpp_info.components or any(text.startswith(package + "/") for text in recipe.required), other

test = recipe_of(os.path.join(folder, "test_package"), "wengert_test").TestPackage()
test.settings, test.tested_reference_str = settings, "wengert/" + recipe.version
test.source_folder, test.build_folder = os.path.join(folder, "test_package"), os.path.join(work, "test")
test.prefixes = builddirs
test.cpp = SimpleNamespace(build=SimpleNamespace(bindir=test.build_folder))
test.run = lambda command, env: subprocess.run(command, shell=True, check=True)
for step in ("requirements", "layout", "build", "test"):
    getattr(test, step)()
print("conan: wengert %s, all is well" % recipe.version)
