"""As much of Conan 2 as conanfile.py uses, done here, on the system's libraries. See run_conan.py."""


class Options(dict):
    def __getattr__(self, name):
        return self[name]

    def __delattr__(self, name):
        del self[name]

    def rm_safe(self, name):
        self.pop(name, None)


class Component:
    def __init__(self):
        self.properties, self.libs, self.requires, self.system_libs, self.builddirs = {}, [], [], [], []

    def set_property(self, name, value):
        self.properties[name] = value


class Components(dict):
    def __missing__(self, name):
        self[name] = Component()
        return self[name]


class Information(Component):
    def __init__(self):
        super().__init__()
        self.components = Components()


class ConanFile:
    def __init__(self):
        self.required, self.cpp_info = [], Information()

    def requires(self, what, **traits):
        self.required.append(what)
