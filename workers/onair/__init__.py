"""The onair process: brings each output's playlist to systems that do not come for it themselves."""
