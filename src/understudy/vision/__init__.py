"""Floor 3: faces; functions over arrays, one small class per model family."""
