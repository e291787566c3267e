"""What a server is, one file a part: a probe for its shell, a reader for the answer, and which differences matter."""
