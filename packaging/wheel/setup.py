"""Makes a wheel that holds the program, so that it is for one platform but any Python."""

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.dist import Distribution


class ProgramDistribution(Distribution):
    def has_ext_modules(self):
        return True


class ProgramWheel(bdist_wheel):
    def get_tag(self):
        return "py3", "none", super().get_tag()[2]


setup(distclass=ProgramDistribution, cmdclass={"bdist_wheel": ProgramWheel})
