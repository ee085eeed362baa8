"""Problems of source files, sheets and catalogues, and the progress of long work, for people and programs."""
