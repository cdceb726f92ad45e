"""The command `reconciler`, also as `python -m reconciler`. Imports nothing of weight before Ctrl-C is dealt with."""

import signal


def main() -> None:
    """The console script. Before its first line an interrupt is Python's own to answer."""
    # Nothing is begun while modules are loaded, so there the process just ends, as `cat` does: no word, no traceback.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from reconciler.cli.main import main as command  # after the line above

    command()


if __name__ == "__main__":
    main()
