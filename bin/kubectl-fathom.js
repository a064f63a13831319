#!/usr/bin/env node
import './fathom.js'
