"""The task dependency graph: operations, edges and the passes that make them. networkx stays in here."""
