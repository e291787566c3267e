"""The frozen types every layer speaks: play, task, role, inventory, options, result, event. No I/O."""
