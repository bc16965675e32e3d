// Nothing to call: see StandardDescriptors.c.
