"""The MOS device: running orders of a newsroom system become headlines, and it hears what was on screen."""
