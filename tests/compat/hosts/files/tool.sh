#!/bin/sh
echo "tool $@ $(hostname)"
