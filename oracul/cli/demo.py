"""`oracul demo`: the main job on a recorded chain, offline."""


def demo() -> None:
    """Run the main job on a recorded development chain, offline and without keys.

    76 days of a small chain are replayed over JSON-RPC by a local server, with a reorg, an endpoint
    that lies, a price source that lies and planted anomalies; at the end you see what was found.
    A second run lands nothing new and is quick.
    """
    from oracul.cli.console import settings
    from oracul.cli.demo_story import tell

    tell(settings())
