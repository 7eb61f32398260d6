"""The agenda: what people ask of days and hours, openings, slots, entretiens, rencontres, notifications.
No HTTP, no Rasa, no phrase of a conversation: other rooms ask it, and phrase what it answers."""
