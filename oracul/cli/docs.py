"""`oracul docs`: the documentation of models and data, as pages in a browser."""

from typing import Annotated

import typer

app = typer.Typer(
    help="Models, lineage and data quality as pages on this machine. Alone: build, then serve."
)

PortOption = Annotated[
    int | None,
    typer.Option("--port", min=0, max=65535, help="Port; 0 = any free one. Default: the setting."),
]
OpenOption = Annotated[bool, typer.Option("--open", help="Open it in the browser.")]


@app.callback(invoke_without_command=True)
def docs(context: typer.Context, port: PortOption = None, open_: OpenOption = False) -> None:
    """Build the pages and serve them: `oracul docs`."""
    if context.invoked_subcommand is None:
        build()
        serve(port, open_)


@app.command()
def build() -> None:
    """Write the pages into ORACUL_HOME/docs: dbt's documentation, Data Docs, one first page.

    Nothing in them is loaded from elsewhere: the folder can be opened as it is, or copied to any
    web server. Reads only, so it can run beside the stack.
    """
    from oracul.cli.console import out, plain, settings
    from oracul.cli.docs_site import build_site
    from oracul.times import utc_now

    index = build_site(settings(), utc_now())
    out.print(f"Built {plain(str(index))}", soft_wrap=True)


@app.command()
def serve(port: PortOption = None, open_: OpenOption = False) -> None:
    """Serve the pages that were built last, on 127.0.0.1 only, until Ctrl-C."""
    from oracul.cli.console import out, settings
    from oracul.cli.docs_site import HOST, built_site, listening, serve_site

    loaded = settings()
    site = built_site(loaded)
    with listening(loaded.docs.port if port is None else port) as listener:
        address = f"http://{HOST}:{listener.getsockname()[1]}/"
        out.print(f"Serving at {address} until Ctrl-C")
        if open_:
            import webbrowser

            webbrowser.open(address)
        serve_site(site, listener)
