def state_of_event(data): return None
class KucoinLookUps:
    def __init__(self, rest): pass
    def ways(self, q): return ()
