class Journal:
    def __init__(self, path):
        self.pending = ()


class JournalEntry:
    pass
