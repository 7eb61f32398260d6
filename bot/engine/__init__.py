"""What runs inside Rasa (Python 3.10): importer, encoders, classifier, decision, channel, tracker store. The only room that imports rasa."""
