"""HITS of networkx: programs are hubs, tests authorities."""

import networkx as nx

from bench.peers.ranking import serve


def build(rows: list[list[int]]) -> nx.DiGraph:
    graph = nx.DiGraph()
    programs = len(rows)
    graph.add_nodes_from(range(programs + len(rows[0])))
    graph.add_edges_from((i, programs + j) for i, row in enumerate(rows) for j, passed in enumerate(row) if passed)
    graph.graph["programs"] = programs
    return graph


def score(graph: nx.DiGraph) -> list[float]:
    hubs, _ = nx.hits(graph)
    return [hubs[i] for i in range(graph.graph["programs"])]


if __name__ == "__main__":
    serve(build, score)
