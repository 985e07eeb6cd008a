"""What apisetup does without a screen."""
