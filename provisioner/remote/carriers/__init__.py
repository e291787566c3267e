"""Ways to run a request other than as a module of ours: foreign modules, detached jobs. Loaded only when used."""
