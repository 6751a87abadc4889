"""The recorded development chain of `oracul demo`: its files, and the local servers that replay it.

Not for the pipeline itself: the demo runs the same steps as any other chain, against these servers.
"""
