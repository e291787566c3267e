"""Where inventories come from, a file each: ``accepts(path, reading)`` and ``read(path, reading)``.

``reading.draft`` takes what is found. What is wrong goes to ``reading.draft.findings`` or is raised as InputError;
``NotMine`` says that the source is of another kind.
"""
